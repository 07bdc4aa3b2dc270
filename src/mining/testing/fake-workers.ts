import type { Timer, World } from '../../util/ports.ts';
import { Search, type SearchJob, type Solution } from '../search.ts';
import type { SearchWorker, WorkerFactory } from '../search-worker.ts';

/** A search thread in virtual time: solves every job after a fixed time, hashing at a fixed rate. */
class FakeWorker implements SearchWorker {
  readonly #farm: FakeWorkers;
  #finish: ((solution?: Solution) => void) | undefined;
  #fail: ((error: Error) => void) | undefined;
  #hashes = 0;
  closed = false;

  constructor(farm: FakeWorkers) {
    this.#farm = farm;
  }

  get hashes(): number {
    return Math.round(this.#hashes + this.#running());
  }

  #since: number | undefined;

  #running(): number {
    const { world, hashesPerMillisecond } = this.#farm;
    return this.#since === undefined ? 0 : (world.clock.monotonic() - this.#since) * hashesPerMillisecond;
  }

  search(job: SearchJob): Promise<Solution | undefined> {
    const { world, solveMilliseconds, jobs } = this.#farm;
    jobs.push(job);
    this.#since = world.clock.monotonic();
    return new Promise((resolve, reject) => {
      let timer: Timer | undefined;
      const end = () => {
        timer?.cancel();
        this.#hashes += this.#running();
        this.#since = undefined;
        this.#finish = undefined;
        this.#fail = undefined;
      };
      this.#finish = (solution) => {
        end();
        resolve(solution);
      };
      this.#fail = (error) => {
        end();
        reject(error);
      };
      if (Number.isFinite(solveMilliseconds)) {
        timer = world.timers.after(solveMilliseconds, () => this.#finish?.(new Search(job).run(1 << 16).solution));
      }
    });
  }

  cancel(): void {
    this.#finish?.();
  }

  crash(): void {
    this.#fail?.(new Error('thread crashed'));
  }

  async close(): Promise<void> {
    this.closed = true;
    this.cancel();
  }
}

/** Makes {@link FakeWorker}s and remembers them and their jobs. */
export class FakeWorkers implements WorkerFactory {
  readonly world: World;
  solveMilliseconds: number;
  hashesPerMillisecond = 1000;
  readonly started: FakeWorker[] = [];
  readonly jobs: SearchJob[] = [];

  /** @param solveMilliseconds infinite: never. */
  constructor(world: World, solveMilliseconds: number) {
    this.world = world;
    this.solveMilliseconds = solveMilliseconds;
  }

  /** Threads that are not closed. */
  get alive(): number {
    return this.started.filter(({ closed }) => !closed).length;
  }

  start(): FakeWorker {
    const worker = new FakeWorker(this);
    this.started.push(worker);
    return worker;
  }
}
