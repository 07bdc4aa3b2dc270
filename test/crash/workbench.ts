import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeArrival } from './scenario.ts';
import { makeScenario, type Scenario } from './twin.ts';

/** A scenario with its blocks in a file, for children. */
export interface StoredScenario extends Scenario {
  readonly blocks: string;
}

/** Folders and files of one run of the crash tests. */
export class Workbench {
  readonly folder = mkdtempSync(join(tmpdir(), 'soterd-crash.'));
  readonly #scenarios = new Map<string, StoredScenario>();
  #next = 0;

  /** A path for a new file or folder. */
  path(): string {
    return join(this.folder, String(this.#next++));
  }

  /** The DAG of a seed; made once. */
  scenario(seed: string, size: number): StoredScenario {
    const key = `${seed} ${size}`;
    let scenario = this.#scenarios.get(key);
    if (!scenario) {
      scenario = { ...makeScenario(seed, size), blocks: this.path() };
      writeArrival(scenario.blocks, scenario.arrival);
      this.#scenarios.set(key, scenario);
    }
    return scenario;
  }

  /** Copies a folder of files. */
  copy(from: string, to: string): void {
    mkdirSync(to);
    for (const name of readdirSync(from)) copyFileSync(join(from, name), join(to, name));
  }

  remove(path: string): void {
    rmSync(path, { recursive: true, force: true });
  }

  /** Removes everything. */
  close(): void {
    this.remove(this.folder);
  }
}
