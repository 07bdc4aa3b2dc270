import { RpcError, RpcErrorCode } from '../errors.ts';
import { optional, required } from '../params/signature.ts';
import { bool, int, listOf, string } from '../params/types.ts';
import { nothing } from '../schema/result.ts';
import { defineMethod, type Method } from './define.ts';

/** Methods whose part of the node is still to come: they answer as a node does that has it switched off. */
export const pendingMethods: readonly Method[] = [
  defineMethod({
    name: 'searchrawtransactions',
    params: [
      required('address', string, 'Address of inputs or outputs.'),
      optional('verbose', int, 'Other than 0: objects.', 1),
      optional('skip', int, 'How many to leave out first.', 0),
      optional('count', int, 'Most results.', 100),
      optional('vinextra', int, 'Other than 0: show the spent outputs.', 0),
      optional('reverse', bool, 'Newest first.', false),
      optional('filteraddrs', listOf(string), 'Only inputs and outputs with these addresses.'),
    ],
    limited: true,
    about: 'Transactions of an address. Needs the address index, which this version does not have yet.',
    result: nothing(),
    run: () => {
      throw new RpcError(RpcErrorCode.misc, 'Address index must be enabled (--addrindex)');
    },
  }),
];
