import { HashParseError, hashFromHex, hashToHex } from '../../util/hash.ts';
import { messageOf, RpcError, RpcErrorCode } from '../errors.ts';
import type { JsonResult } from '../json/encode.ts';
import { JsonNumber, type JsonValue } from '../json/value.ts';
import { optional } from '../params/signature.ts';
import { listOf, objectType, type ParamPlace, type ParamType, string, uint32 } from '../params/types.ts';
import type { RpcPorts, RpcTemplate } from '../ports.ts';
import { choice, flag, nothing, text } from '../schema/result.ts';
import { judgeProposal } from './block-proposal.ts';
import { defineMethod, type Method } from './define.ts';
import { longPollId, templateObject, templateSchema } from './template.ts';

/** A limit in a template request: a boolean or an integer, never used. */
function templateLimit(name: string): ParamType<null> {
  return {
    typeName: 'interface {}',
    zero: null,
    kind: 'any',
    schema: { type: ['boolean', 'integer'] },
    usage: () => name,
    showDefault: () => '',
    decode: (value: JsonValue, place: ParamPlace) => {
      const isInteger = value instanceof JsonNumber && Number.isInteger(value.value);
      if (typeof value !== 'boolean' && !isInteger)
        throw new RpcError(
          RpcErrorCode.invalidParams,
          `parameter #${place.index} '${place.name}' failed to unmarshal: the ${name} field must be unspecified, a boolean, or a 64-bit integer`,
        );
      return null;
    },
    fromArgument: (text) => text,
  };
}

const templateRequest = objectType('soterjson.templateRequest', {
  mode: string,
  capabilities: listOf(string),
  longpollid: string,
  sigoplimit: templateLimit('sigoplimit'),
  sizelimit: templateLimit('sizelimit'),
  maxversion: uint32,
  target: string,
  data: string,
  workid: string,
});

/** Work for miners outside of this process. */
export const blockTemplateMethods: readonly Method[] = [
  defineMethod({
    name: 'getblocktemplate',
    params: [
      optional(
        'request',
        templateRequest,
        'What is wanted.',
        undefined,
        '{"mode":"value","capabilities":["capability",...],"longpollid":"value","sigoplimit":sigoplimit,"sizelimit":sizelimit,"maxversion":n,"target":"value","data":"value","workid":"value"}',
      ),
    ],
    about: 'A block to be mined, or the check of one that was built elsewhere (BIP 22, BIP 23).',
    result: choice(
      ['mode "template"', templateSchema],
      ['mode "proposal", good but for its proof of work', nothing()],
      ['mode "proposal", refused', text('', 'reason')],
      ['mode "proposal", error', flag('Always false')],
    ),
    run: ({ ports, caller }, [request]) => {
      const { mode = '', capabilities = [], longpollid = '', data = '' } = request ?? {};
      if (mode === 'proposal') return judgeProposal(ports, data);
      if (mode !== '' && mode !== 'template') throw new RpcError(RpcErrorCode.invalidParameter, 'Invalid mode');
      const fullCoinbase = capabilities.includes('coinbasetxn') && !capabilities.includes('coinbasevalue');
      checkReady(ports, fullCoinbase);
      if (longpollid !== '') return longPoll(ports, fullCoinbase, longpollid, caller.signal);
      return templateObject(ports, { ...currentWork(ports, fullCoinbase), fullCoinbase });
    },
  }),
];

/** @throws {RpcError} if nobody should mine now. */
function checkReady({ dag, miner, params, peers, work }: RpcPorts, fullCoinbase: boolean): void {
  if (fullCoinbase && !miner.hasPaymentAddress)
    throw new RpcError(
      RpcErrorCode.internal,
      'A coinbase transaction has been requested, but the server has not been configured with any payment addresses via --miningaddr',
    );
  const isTestNetwork = params.name === 'regtest' || params.name === 'simnet';
  if (!isTestNetwork && peers.connectedCount() === 0)
    throw new RpcError(RpcErrorCode.notConnected, 'Soter is not connected');
  if (dag.snapshot().maxHeight !== 0 && !work.isSynchronised())
    throw new RpcError(RpcErrorCode.downloading, 'Soter is downloading blocks...');
}

function currentWork({ work }: RpcPorts, fullCoinbase: boolean): { template: RpcTemplate; createdAt: number } {
  try {
    return work.current(fullCoinbase);
  } catch (error) {
    throw new RpcError(RpcErrorCode.internal, `Failed to create new block template: ${messageOf(error)}`);
  }
}

/** Answers at once if the client's work is not the present one, otherwise as soon as there is other work. */
async function longPoll(ports: RpcPorts, fullCoinbase: boolean, id: string, signal: AbortSignal): Promise<JsonResult> {
  const now = currentWork(ports, fullCoinbase);
  const tips = tipsOfId(id);
  if (tips === undefined) return templateObject(ports, { ...now, fullCoinbase });
  const isStillOn = ({ template }: { template: RpcTemplate }) =>
    hashToHex(template.block.header.prevBlock) === tips.hash;
  if (longPollId(now) !== `${tips.hash}-${tips.time}`)
    return templateObject(ports, { ...now, fullCoinbase, submitOld: isStillOn(now) });
  await ports.work.changed(signal);
  if (signal.aborted) return null;
  const next = currentWork(ports, fullCoinbase);
  return templateObject(ports, { ...next, fullCoinbase, submitOld: isStillOn(next) });
}

/** What the name of a template says; undefined if it is none. */
function tipsOfId(id: string): { readonly hash: string; readonly time: number } | undefined {
  const [hash, time, ...more] = id.split('-');
  if (time === undefined || more.length > 0 || !/^[+-]?\d+$/u.test(time)) return undefined;
  try {
    return { hash: hashToHex(hashFromHex(hash)), time: Number(time) };
  } catch (error) {
    if (error instanceof HashParseError) return undefined;
    throw error;
  }
}
