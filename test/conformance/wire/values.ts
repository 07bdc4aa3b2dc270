import { deepEqual, equal } from 'node:assert/strict';
import {
  addUserAgent,
  MAX_AMOUNT,
  NANO_PER_COIN,
  type NetworkName,
  networkParams,
  parseUserAgent,
  subsidy,
} from '../../../src/params/index.ts';
import { bytesToHex, hexToBytes } from '../../../src/util/bytes.ts';
import { HashParseError, hashFromHex, hashToHex } from '../../../src/util/hash.ts';
import {
  AmountError,
  amountToUnit,
  amountUnitName,
  ByteReader,
  ByteWriter,
  COMMANDS,
  coinsToNano,
  compactToTarget,
  formatAmount,
  type Generation,
  hashToTarget,
  invTypeToString,
  magicToString,
  maxPayload,
  multiplyAmount,
  rejectCodeToString,
  servicesToString,
  targetToCompact,
  varintSize,
  WireError,
  workFromBits,
} from '../../../src/wire/index.ts';
import type { Suite, SuiteContext } from '../suite.ts';
import { context } from './shapes.ts';

/** The text of an error of one of the expected classes; null if there is none. */
function errorText(body: () => unknown, ...expected: readonly (new (...args: never[]) => Error)[]): string | null {
  try {
    body();
    return null;
  } catch (error) {
    if (error instanceof Error && expected.some((one) => error instanceof one)) return error.message;
    throw error;
  }
}

interface Named {
  readonly value: number;
  readonly string: string;
}

interface Primitives {
  readonly hashFromString: readonly {
    readonly input: string;
    readonly error: string | null;
    readonly hex?: string;
    readonly string?: string;
  }[];
  readonly maxPayload: readonly { readonly command: string; readonly maxPayload: Record<string, number> }[];
  readonly strings: {
    readonly invTypes: readonly Named[];
    readonly nets: readonly Named[];
    readonly rejectCodes: readonly Named[];
    readonly services: readonly { readonly value: string; readonly string: string }[];
  };
  readonly userAgentBuild: readonly {
    readonly base: string;
    readonly name: string;
    readonly version: string;
    readonly comments: readonly string[] | null;
    readonly error: string | null;
    readonly userAgent: string;
  }[];
  readonly userAgentParse: readonly { readonly userAgent: string; readonly versions: Record<string, string> }[];
  readonly varint: readonly { readonly hex: string; readonly size: number; readonly value: string }[];
  readonly varstring: readonly { readonly hex: string; readonly value: string }[];
}

async function checkPrimitives(suite: SuiteContext, generation: Generation): Promise<void> {
  const recorded = suite.json<Primitives>(`wire/gen${generation}/primitives.json`);
  for (const { input, error, hex, string } of recorded.hashFromString) {
    await suite.check(`hash "${input}"`, () => {
      equal(
        errorText(() => hashFromHex(input), HashParseError),
        error,
      );
      if (error !== null) return;
      equal(bytesToHex(hashFromHex(input)), hex);
      equal(hashToHex(hashFromHex(input)), string);
    });
  }
  await suite.check('set of commands', () =>
    deepEqual([...COMMANDS].sort(), recorded.maxPayload.map(({ command }) => command).sort()),
  );
  for (const one of recorded.maxPayload)
    for (const [pver, limit] of Object.entries(one.maxPayload))
      await suite.check(`payload limit of ${one.command} at ${pver}`, () =>
        equal(maxPayload(one.command, context(generation, Number(pver))), limit),
      );
  const tables = [
    [recorded.strings.invTypes, invTypeToString],
    [recorded.strings.nets, magicToString],
    [recorded.strings.rejectCodes, rejectCodeToString],
  ] as const;
  for (const [table, text] of tables)
    for (const { value, string } of table) await suite.check(string, () => equal(text(value), string));
  for (const { value, string } of recorded.strings.services)
    await suite.check(`services ${value}`, () => equal(servicesToString(BigInt(value)), string));
  for (const { base, name, version, comments, error, userAgent } of recorded.userAgentBuild) {
    await suite.check(`user agent of ${name}`, () => {
      const build = () => addUserAgent(base, name, version, comments ?? []);
      equal(errorText(build, WireError), error);
      if (error === null) equal(build(), userAgent);
    });
  }
  for (const { userAgent, versions } of recorded.userAgentParse)
    await suite.check(`versions in ${userAgent}`, () =>
      deepEqual(Object.fromEntries(parseUserAgent(userAgent)), versions),
    );
  for (const { hex, size, value } of recorded.varint) {
    await suite.check(`varint ${value}`, () => {
      equal(BigInt(new ByteReader(hexToBytes(hex)).varint()), BigInt(value));
      equal(varintSize(BigInt(value)), size);
      const writer = new ByteWriter();
      writer.varint(BigInt(value));
      equal(bytesToHex(writer.finish()), hex);
    });
  }
  for (const { hex, value } of recorded.varstring) {
    await suite.check(`varstr of ${value.length}`, () => {
      equal(new ByteReader(hexToBytes(hex)).varString(), value);
      const writer = new ByteWriter();
      writer.varString(value);
      equal(bytesToHex(writer.finish()), hex);
    });
  }
}

interface Amounts {
  readonly format: readonly {
    readonly nanoSoter: string;
    readonly string: string;
    readonly whole: string;
    readonly units: readonly {
      readonly unit: number;
      readonly unitName: string;
      readonly toUnit: string;
      readonly formatted: string;
    }[];
  }[];
  readonly maxNanoSoter: string;
  readonly nanoSoterPerSoter: string;
  readonly mulF64: readonly { readonly factor: number; readonly nanoSoter: number; readonly result: string }[];
  readonly newAmount: readonly {
    readonly input: string;
    readonly error: string | null;
    readonly nanoSoter?: string;
  }[];
}

async function checkAmounts(suite: SuiteContext, generation: Generation): Promise<void> {
  const recorded = suite.json<Amounts>(`wire/gen${generation}/amounts.json`);
  for (const { nanoSoter, string, whole, units } of recorded.format) {
    const nano = BigInt(nanoSoter);
    await suite.check(`${nanoSoter} in coins`, () => {
      equal(formatAmount(nano, 0, generation), string);
      equal(amountToUnit(nano), Number(whole));
    });
    for (const { unit, unitName, toUnit, formatted } of units) {
      await suite.check(`${nanoSoter} in ${unitName}`, () => {
        equal(amountUnitName(unit, generation), unitName);
        equal(amountToUnit(nano, unit), Number(toUnit));
        equal(formatAmount(nano, unit, generation), formatted);
      });
    }
  }
  await suite.check('limits', () => {
    equal(`${MAX_AMOUNT}`, recorded.maxNanoSoter);
    equal(`${NANO_PER_COIN}`, recorded.nanoSoterPerSoter);
  });
  for (const { factor, nanoSoter, result } of recorded.mulF64)
    await suite.check(`${nanoSoter} * ${factor}`, () => equal(`${multiplyAmount(BigInt(nanoSoter), factor)}`, result));
  for (const { input, error, nanoSoter } of recorded.newAmount) {
    await suite.check(`amount of ${input}`, () => {
      const value = Number(input.replace('Inf', 'Infinity'));
      equal(
        errorText(() => coinsToNano(value), AmountError),
        error,
      );
      if (error === null) equal(`${coinsToNano(value)}`, nanoSoter);
    });
  }
}

interface Difficulty {
  readonly bigToCompact: readonly { readonly bits: number; readonly value: string }[];
  readonly compactToTarget: readonly {
    readonly bits: number;
    readonly backBits: number;
    readonly target: string;
    readonly work: string;
  }[];
  readonly hashToBig: readonly { readonly hash: string; readonly value: string }[];
  readonly subsidy: readonly { readonly net: NetworkName; readonly height: number; readonly subsidy: number }[];
}

async function checkDifficulty(suite: SuiteContext, generation: Generation): Promise<void> {
  const recorded = suite.json<Difficulty>(`wire/gen${generation}/difficulty.json`);
  for (const { bits, value } of recorded.bigToCompact)
    await suite.check(`compact form of ${value}`, () => equal(targetToCompact(BigInt(value)), bits));
  for (const { bits, backBits, target, work } of recorded.compactToTarget) {
    await suite.check(`target of ${bits}`, () => {
      equal(`${compactToTarget(bits)}`, target);
      equal(targetToCompact(compactToTarget(bits)), backBits);
      equal(`${workFromBits(bits)}`, work);
    });
  }
  for (const { hash, value } of recorded.hashToBig)
    await suite.check(`integer of ${hash}`, () => equal(`${hashToTarget(hashFromHex(hash))}`, value));
  for (const one of recorded.subsidy)
    await suite.check(`subsidy on ${one.net} at ${one.height}`, () =>
      equal(subsidy(one.height, networkParams(one.net, generation)), BigInt(one.subsidy)),
    );
}

export const valueSuites: readonly Suite[] = ([2, 4] as const).flatMap((generation) => [
  { name: `wire/gen${generation}/primitives`, run: (suite) => checkPrimitives(suite, generation) },
  { name: `wire/gen${generation}/amounts`, run: (suite) => checkAmounts(suite, generation) },
  { name: `wire/gen${generation}/difficulty`, run: (suite) => checkDifficulty(suite, generation) },
]);
