import type { Channels } from '../../metrics/index.ts';
import { type BlockTemplate, TemplateBuilder, type TemplateBuilderDeps } from '../../mining/index.ts';
import type { Clock } from '../../util/ports.ts';

/** Builds templates and tells how long that takes. */
export class MeasuredTemplates extends TemplateBuilder {
  readonly #clock: Clock;
  readonly #channel: Channels['template'];

  constructor(
    options: ConstructorParameters<typeof TemplateBuilder>[0],
    deps: TemplateBuilderDeps,
    clock: Clock,
    { template }: Pick<Channels, 'template'>,
  ) {
    super(options, deps);
    this.#clock = clock;
    this.#channel = template;
  }

  override build(payTo?: Uint8Array): BlockTemplate {
    const start = this.#clock.monotonic();
    const template = super.build(payTo);
    this.#channel.send(this.#clock.monotonic() - start);
    return template;
  }
}
