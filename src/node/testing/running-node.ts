import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../config/index.ts';
import { Logs } from '../logging/index.ts';
import type { FindGateway } from '../nat.ts';
import { Node } from '../node.ts';
import { systemClock, systemWorld } from '../system.ts';

/** A whole node in this process. */
export interface RunningNode {
  readonly node: Node;
  readonly dataDir: string;
  /** What it has logged. */
  text(): string;
  /** Stops it and removes its files. */
  stop(): Promise<void>;
}

/** How a node of a test differs. */
export interface RunningNodeOptions {
  /** Default: there is no router. */
  readonly findGateway?: FindGateway;
  /** Fills its data folder before it starts. */
  prepare?(dataDir: string): void;
}

/** Starts a node of simnet with database, sockets and all managers, in a home folder of its own. */
export async function startNode(
  args: readonly string[],
  { findGateway = () => Promise.resolve(undefined), prepare }: RunningNodeOptions = {},
): Promise<RunningNode> {
  const home = mkdtempSync(join(tmpdir(), 'soterd-node-'));
  let text = '';
  const output = {
    write: (part: string) => {
      text += part;
      return true;
    },
  };
  const logs = new Logs({ clock: systemClock, output, early: output });
  let node: Node | undefined;
  const stop = async (): Promise<void> => {
    await node?.stop();
    await logs.close();
    rmSync(home, { recursive: true, force: true });
  };
  try {
    const outcome = await loadConfig({
      args: ['--simnet', ...args],
      program: 'soterd',
      stdout: output,
      stderr: output,
      logs,
      env: { HOME: home },
      platform: 'linux',
      accountHome: () => home,
      randomBytes,
      lookup: async () => ['127.0.0.1'],
    });
    if (outcome.kind !== 'run') throw new Error(text);
    const { config } = outcome;
    mkdirSync(config.dataDir, { recursive: true });
    prepare?.(config.dataDir);
    node = await Node.open(config, { world: systemWorld, logs, requestShutdown: () => undefined, findGateway });
    await node.start();
    return { node, dataDir: config.dataDir, text: () => text, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
