import { RpcError, RpcErrorCode } from '../errors.ts';
import { helpText, isExplained, usageList } from '../help.ts';
import type { JsonResult } from '../json/encode.ts';
import { coins } from '../objects/amount.ts';
import { difficultyOf } from '../objects/difficulty.ts';
import { optional, required } from '../params/signature.ts';
import { string } from '../params/types.ts';
import { choice, decimal, flag, record, text, whole } from '../schema/result.ts';
import { defineMethod, type Method } from './define.ts';

/** The figure that getinfo calls protocol version; it never followed the wire protocol. */
const INFO_PROTOCOL_VERSION = 70_002;

/** Methods about the node as a whole. */
export const controlMethods: readonly Method[] = [
  defineMethod({
    name: 'help',
    params: [optional('command', string, 'Name of a method; without it all usage lines are listed.')],
    limited: true,
    about: 'Lists the methods, or explains one.',
    result: text('The usage lines, or usage and explanation of one method'),
    run: ({ methods, session }, [command]) => {
      const overSocket = session !== undefined;
      if (command === undefined || command === '') return usageList(methods, overSocket);
      const method = methods.get(command);
      if (!method || !isExplained(method, overSocket))
        throw new RpcError(RpcErrorCode.invalidParameter, `Unknown command: ${command}`);
      return helpText(method);
    },
  }),
  defineMethod({
    name: 'stop',
    about: 'Begins an orderly shutdown of the node.',
    result: text('A fixed text', 'soterd stopping.'),
    run: ({ ports }) => {
      ports.control.requestShutdown();
      return 'soterd stopping.';
    },
  }),
  defineMethod({
    name: 'version',
    limited: true,
    about: 'Version of this JSON-RPC interface.',
    result: record({
      soterdjsonrpcapi: record({
        versionstring: text('', 'major.minor.patch'),
        major: whole(),
        minor: whole(),
        patch: whole(),
        prerelease: text(),
        buildmetadata: text(),
      }),
    }),
    run: () => ({
      soterdjsonrpcapi: { versionstring: '1.3.0', major: 1, minor: 3, patch: 0, prerelease: '', buildmetadata: '' },
    }),
  }),
  defineMethod({
    name: 'uptime',
    limited: true,
    about: 'How long the node has been running.',
    result: whole('Since the start', 'seconds'),
    run: ({ ports }) => Math.floor(ports.control.uptime()),
  }),
  defineMethod({
    name: 'debuglevel',
    params: [
      required(
        'levelspec',
        string,
        'A level (trace, debug, info, warn, error, critical), or pairs SUBSYSTEM=level joined by commas, or "show".',
      ),
    ],
    about: 'Changes what is logged while the node runs.',
    result: choice(['after a change', text('', 'Done.')], ['levelspec="show"', text('', 'Supported subsystems [...]')]),
    run: ({ ports: { logs } }, [specification]) => {
      if (specification === 'show') return `Supported subsystems [${logs.subsystems.join(' ')}]`;
      const problem = logs.setLevels(specification);
      if (problem !== undefined) throw new RpcError(RpcErrorCode.invalidParams, problem);
      return 'Done.';
    },
  }),
  defineMethod({
    name: 'getinfo',
    limited: true,
    about: 'A summary of the node.',
    result: record({
      version: whole('major*1000000 + minor*10000 + patch*100'),
      protocolversion: whole('A constant; getpeerinfo shows what is spoken'),
      blocks: whole('In the DAG, genesis included', 'blocks'),
      timeoffset: whole("By which the peers' clocks differ", 'seconds'),
      connections: whole('', 'peers'),
      proxy: text('', 'host:port'),
      difficulty: decimal('Of the block connected last'),
      testnet: flag(),
      relayfee: decimal('Least fee of relayed transactions', 'coins per 1000 bytes'),
      errors: text('Always empty', ''),
    }),
    run: ({ ports: { settings, dag, peers, params } }): JsonResult => ({
      version: settings.version,
      protocolversion: INFO_PROTOCOL_VERSION,
      blocks: dag.snapshot().blockCount,
      timeoffset: dag.timeOffset,
      connections: peers.connectedCount(),
      proxy: settings.proxy,
      difficulty: difficultyOf(dag.bestState().bits, params),
      testnet: params.name === 'testnet1',
      relayfee: coins(settings.relayFee),
      errors: '',
    }),
  }),
  defineMethod({
    name: 'getcurrentnet',
    limited: true,
    about: 'The number that starts every message of the active network.',
    result: whole('Network magic as an unsigned 32-bit integer'),
    run: ({ ports }) => ports.params.magic,
  }),
];
