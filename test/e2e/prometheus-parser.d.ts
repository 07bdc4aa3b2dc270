/** The text format of Prometheus, read by a library that has nothing to do with the one that writes it. */
declare module 'parse-prometheus-text-format' {
  interface Sample {
    readonly value?: string;
    readonly labels?: { readonly [label: string]: string };
    readonly count?: string;
    readonly sum?: string;
    readonly buckets?: { readonly [bound: string]: string };
  }

  interface Family {
    readonly name: string;
    readonly help: string;
    readonly type: string;
    readonly metrics: readonly Sample[];
  }

  /** @returns the metrics of a text. */
  function parse(text: string): Family[];

  export = parse;
}
