import type { Attachment } from './attachment.ts';

/** What one machine's line to the internet is like. */
export interface LineQuality {
  /** Its share of the one-way delay to anybody, milliseconds. */
  latency: number;
  /** Bytes a second in each direction. */
  bandwidth: number;
  /** Share of its packets that are lost and sent again. Default none. */
  loss?: number;
}

/** One machine of the simulated internet. It is there also while no program runs on it. */
export class Host {
  readonly ip: string;
  readonly name: string;
  readonly line: LineQuality;
  /** The running program's hold on the network; undefined while the machine is down. */
  attachment: Attachment | undefined;

  constructor(ip: string, name: string, line: LineQuality) {
    this.ip = ip;
    this.name = name;
    this.line = line;
  }
}
