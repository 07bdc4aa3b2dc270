import Denque from 'denque';

/** Whose jobs stay in order, and how much of them is done before those of others. */
export interface Lane {
  /** Milliseconds of work beyond what the lane may use; 0 if it has used no more. */
  readonly debt: number;
  /** Steady time before which the lane is passed over. */
  readonly restUntil: number;
}

/** What lanes hold. */
export interface LaneJob {
  /** True while the job, and what is behind it in its lane, should wait for work that is done elsewhere. */
  readonly busy: (() => boolean) | undefined;
  readonly lane: Lane;
}

interface Queued<J> {
  readonly job: J;
  /** Place among all jobs by arrival. */
  readonly place: number;
}

/**
 * Jobs in lanes. Those of one lane keep their order. Among lanes without debt the job that came first is next, as if there were
 * no lanes; a lane in debt comes behind all others, the least debt first. So whoever brings expensive work delays himself.
 */
export class JobLanes<J extends LaneJob> {
  readonly #now: () => number;
  readonly #lanes = new Map<Lane, Denque<Queued<J>>>();
  #arrived = 0;
  #length = 0;

  /** @param now steady time in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  get length(): number {
    return this.#length;
  }

  push(job: J): void {
    const queued = { job, place: this.#arrived++ };
    const jobs = this.#lanes.get(job.lane);
    if (jobs) jobs.push(queued);
    else this.#lanes.set(job.lane, new Denque([queued]));
    this.#length++;
  }

  /** The job that should run now; undefined if all lanes are empty, busy or at rest. */
  next(): J | undefined {
    let best: Queued<J> | undefined;
    const now = this.#now();
    for (const [lane, jobs] of this.#lanes) {
      const first = jobs.peekFront()!;
      if (lane.restUntil > now || first.job.busy?.()) continue;
      if (!best || lane.debt < best.job.lane.debt) best = first;
      else if (lane.debt === best.job.lane.debt && first.place < best.place) best = first;
    }
    return best?.job;
  }

  /** Takes out a job that {@link next} gave. */
  take({ lane }: J): void {
    const jobs = this.#lanes.get(lane)!;
    jobs.shift();
    this.#length--;
    if (jobs.isEmpty()) this.#lanes.delete(lane);
  }

  /** Steady time at which the first resting lane may go on; undefined if none rests. */
  restEnds(): number | undefined {
    const now = this.#now();
    const ends = [...this.#lanes.keys()].map(({ restUntil }) => restUntil).filter((end) => end > now);
    return ends.length === 0 ? undefined : ends.reduce((a, b) => Math.min(a, b));
  }

  /** Takes out everything, by arrival. */
  drain(): J[] {
    const all = [...this.#lanes.values()].flatMap((jobs) => jobs.toArray());
    this.#lanes.clear();
    this.#length = 0;
    return all.sort((a, b) => a.place - b.place).map(({ job }) => job);
  }
}
