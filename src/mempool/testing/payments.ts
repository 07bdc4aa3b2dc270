import { SeededRandom } from '../../util/testing/seeded-random.ts';
import { VirtualWorld } from '../../util/testing/virtual-world.ts';
import { type OutPoint, Transaction } from '../../wire/index.ts';
import { MemoryPool } from '../memory-pool.ts';
import type { PoolOptions } from '../policy.ts';
import type { PoolDeps } from '../ports.ts';
import { FakePoolDag, fakeParams } from './fake-dag.ts';

/** A script that anyone can spend (OP_TRUE). */
export const ANYONE: Uint8Array = Uint8Array.of(0x51);

/** What a payment may differ in. */
export interface Payment {
  /** Values of the outputs, nanoSoter. */
  readonly values?: readonly bigint[];
  readonly version?: number;
  readonly lockTime?: number;
  /** Of all inputs. */
  readonly sequence?: number;
  readonly pkScript?: Uint8Array;
  readonly signatureScript?: Uint8Array;
  readonly witness?: readonly Uint8Array[];
}

/** A transaction without signatures. */
export function pay(prevouts: readonly OutPoint[], payment: Payment = {}): Transaction {
  const { values = [1000n], version = 1, lockTime = 0, sequence = 0xffffffff, pkScript = ANYONE } = payment;
  const { signatureScript = new Uint8Array(0), witness = [] } = payment;
  return new Transaction({
    version,
    inputs: prevouts.map((prevout) => ({ prevout, signatureScript, sequence, witness })),
    outputs: values.map((value) => ({ value, pkScript })),
    lockTime,
  });
}

/** An output of a transaction. */
export function outputOf(tx: Transaction, index = 0): OutPoint {
  return { hash: tx.txid, index };
}

/** A pool on a fake DAG in virtual time; takes transactions of any form unless told otherwise. */
export function testPool(
  options: PoolOptions = {},
  deps: Partial<PoolDeps> = {},
): { pool: MemoryPool; dag: FakePoolDag; world: VirtualWorld } {
  const dag = new FakePoolDag();
  const world = new VirtualWorld({ seed: 1 });
  const pool = new MemoryPool(
    { acceptNonStandard: true, ...options },
    { dag, params: fakeParams, world: { clock: world.clock, random: new SeededRandom(1) }, ...deps },
  );
  pool.start();
  return { pool, dag, world };
}
