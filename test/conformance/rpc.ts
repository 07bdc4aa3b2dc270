import { deepStrictEqual, strictEqual } from 'node:assert';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { compactJson, isJsonArray, isJsonObject, parseJson, rpcMethods } from '../../src/rpc/index.ts';
import { callRpc, callRpcText } from './rpc-client.ts';
import { checkResult, compareAnswer, type RecordedAnswer, withoutParents } from './rpc-compare.ts';
import { httpSuite } from './rpc-http.ts';
import { liveSuites } from './rpc-live.ts';
import { ADMIN, LIMITED, startRpcNode } from './rpc-node.ts';
import type { Suite, SuiteContext } from './suite.ts';

/** An entry of a recorded request file. */
interface RecordedCall extends RecordedAnswer {
  readonly method: string;
  readonly params: unknown;
  /** The parameters as they were sent. */
  readonly paramsText: string;
  readonly user?: 'limited';
  readonly usage?: string;
}

/** Reads a recorded request file; `paramsText` of an entry has its numbers as they were sent. */
function readCalls(context: SuiteContext, file: string): readonly RecordedCall[] {
  const bytes = readFileSync(context.path(file));
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const { entries } = JSON.parse(text) as { entries: readonly RecordedCall[] };
  const exact = parseJson(text);
  const exactEntries = isJsonObject(exact) ? exact.get('entries') : undefined;
  if (!exactEntries || !isJsonArray(exactEntries)) throw new Error(`${file} has no entries`);
  return entries.map((entry, position) => {
    const exactEntry = exactEntries[position];
    const params = isJsonObject(exactEntry) ? exactEntry.get('params') : undefined;
    return { ...entry, paramsText: compactJson(params ?? []) };
  });
}

/** Sends every entry and compares the answers, except those of deliberate deviations, which are listed. */
async function replay(
  context: SuiteContext,
  port: number,
  entries: readonly RecordedCall[],
  deviates: (entry: RecordedCall) => string | undefined,
): Promise<void> {
  for (const entry of entries) {
    const { status, body } = await callRpcText(
      port,
      entry.user === 'limited' ? LIMITED : ADMIN,
      entry.method,
      entry.paramsText,
    );
    const reason = deviates(entry);
    if (reason !== undefined) context.deviation(entry.name, reason);
    await context.check(entry.name, () => {
      checkResult(entry.method, body);
      if (reason === undefined) compareAnswer(entry, status, withoutParents(entry.method, body));
    });
  }
}

/** Where this node is better on purpose, in every file. */
function betterAnswer({ method, paramsText }: RecordedCall): string | undefined {
  if (method === 'getblockhash' && paramsText === '[4294967296]') return 'the height is not cut to 32 bits';
  if (method === 'help' && paramsText === '[null]') return 'see rpc/help';
  if (method === 'createrawtransaction' && /:2100000000000000[.\d]*\}/u.test(paramsText))
    return 'an amount above the maximum is refused';
  if (method === 'createrawtransaction' && paramsText.includes('4e-10')) return 'an amount that rounds to 0 is refused';
  return undefined;
}

function freshDeviation(entry: RecordedCall): string | undefined {
  if (entry.method === 'getdagcoloring' && entry.paramsText === '[]') return 'complete from the start';
  if (entry.name === 'gettxout genesis') return "genesis' output is there from the start, not from the next block on";
  return betterAnswer(entry);
}

const freshPlain: Suite = {
  name: 'rpc/fresh-plain',
  async run(context) {
    const entries = readCalls(context, 'rpc/fresh-plain.json');
    const node = await startRpcNode();
    try {
      await replay(context, node.port, entries, freshDeviation);
    } finally {
      await node.stop();
    }
  },
};

const freshIndexed: Suite = {
  name: 'rpc/fresh-indexed',
  async run(context) {
    const entries = readCalls(context, 'rpc/fresh-indexed.json');
    const node = await startRpcNode({}, {}, { acceptNonStandard: true }, true);
    try {
      await replay(context, node.port, entries, freshDeviation);
    } finally {
      await node.stop();
    }
  },
};

const paramsMatrix: Suite = {
  name: 'rpc/params-matrix',
  async run(context) {
    const entries = readCalls(context, 'rpc/params-matrix.json');
    const node = await startRpcNode();
    try {
      await replay(context, node.port, entries, freshDeviation);
    } finally {
      await node.stop();
    }
  },
};

const limitedUser: Suite = {
  name: 'rpc/limited-user',
  async run(context) {
    const entries = readCalls(context, 'rpc/limited-user.json');
    const node = await startRpcNode();
    try {
      await replay(context, node.port, entries, () => undefined);
    } finally {
      await node.stop();
    }
  },
};

function replayDeviation(entry: RecordedCall): string | undefined {
  if (entry.name === 'submitblock bad prevblock')
    return 'another text for a block whose header does not fit its parents';
  if (entry.name === '131 blocks: gettxout coinbase1 spent') return 'a spent output is not shown';
  if (entry.name === 'sendrawtransaction double spend of mined')
    return 'what the order has spent is not taken into the pool, and missing in what shows the pool later';
  return betterAnswer(entry);
}

/** The second spend of a mined output that recorded nodes take into their pool, and its size. */
const DOUBLE_SPEND = 'd7b0e86ed44c0a0a67e16a6d142c10d2c500954735435d289c6b7ed9b0db6f1e';
const DOUBLE_SPEND_SIZE = 192;

/** A recorded answer as it would be without that transaction in the pool. */
function withoutDoubleSpend(entry: RecordedCall): RecordedCall {
  if (!/^(fork|merged): get(mempoolinfo|mininginfo|rawmempool)/u.test(entry.name)) return entry;
  const response = JSON.parse(JSON.stringify(entry.response), (name, value) => {
    if (name === 'pooledtx' || (name === 'size' && entry.method === 'getmempoolinfo')) return value - 1;
    if (name === 'bytes') return value - DOUBLE_SPEND_SIZE;
    if (Array.isArray(value)) return value.filter((item) => item !== DOUBLE_SPEND);
    return name === DOUBLE_SPEND ? undefined : value;
  });
  return { ...entry, response, bodyText: undefined };
}

const replayDag: Suite = {
  name: 'rpc/replay-dag',
  async run(context) {
    const entries = readCalls(context, 'rpc/replay-dag.json.gz').map(withoutDoubleSpend);
    const node = await startRpcNode();
    try {
      await replay(context, node.port, entries, replayDeviation);
    } finally {
      await node.stop();
    }
  },
};

const replayIndexed: Suite = {
  name: 'rpc/replay-indexed',
  async run(context) {
    const entries = readCalls(context, 'rpc/replay-indexed.json.gz');
    const node = await startRpcNode({}, {}, { acceptNonStandard: true }, true);
    try {
      await replay(context, node.port, entries, replayDeviation);
    } finally {
      await node.stop();
    }
  },
};

const replayStandard: Suite = {
  name: 'rpc/replay-rejectnonstd',
  async run(context) {
    const entries = readCalls(context, 'rpc/replay-rejectnonstd.json.gz');
    const node = await startRpcNode({}, {}, { acceptNonStandard: false });
    try {
      await replay(context, node.port, entries, replayDeviation);
    } finally {
      await node.stop();
    }
  },
};

/** Lines of the method list that are ours alone. */
const EXTENSIONS: readonly string[] = [...rpcMethods.values()]
  .filter((method) => method.extension)
  .map(({ name }) => name);

const help: Suite = {
  name: 'rpc/help',
  async run(context) {
    const entries = readCalls(context, 'rpc/help.json');
    const node = await startRpcNode();
    const ask = async (params: unknown): Promise<{ result: string | null; error: { message: string } | null }> =>
      JSON.parse((await callRpc(node.port, ADMIN, 'help', params)).body);
    context.deviation('help', `lists ${EXTENSIONS.join(' ')} as well`);
    try {
      for (const entry of entries) {
        await context.check(entry.name, async () => {
          const { result, error } = await ask(entry.params);
          const recorded = entry.response as { result: string | null; error: unknown } | undefined;
          if (entry.usage !== undefined) return strictEqual(result?.split('\n')[0], entry.usage);
          if (!recorded?.result) return deepStrictEqual(error, recorded?.error);
          const expected = recorded.result.split('\n');
          const actual = result?.split('\n').filter((line) => !EXTENSIONS.includes(line.split(' ')[0]));
          return deepStrictEqual(actual, expected);
        });
      }
    } finally {
      await node.stop();
    }
  },
};

/** Comparison of JSON-RPC with recorded nodes. */
export const rpcSuites: readonly Suite[] = [
  freshPlain,
  freshIndexed,
  paramsMatrix,
  limitedUser,
  help,
  httpSuite,
  replayDag,
  replayIndexed,
  replayStandard,
  ...liveSuites,
];
