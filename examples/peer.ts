/**
 * Connects to a node, shakes hands, and prints its inventory: first the blocks that it has, then whatever it announces.
 *
 *     node dist/examples/peer.js 127.0.0.1:18555 simnet
 *
 * `--once` ends it when the blocks were told. It needs nothing of this project but the package's export `soterd/peer`.
 */
import {
  hashToHex,
  InvType,
  networkParams,
  Peer,
  SentNonces,
  Services,
  silentLogger,
  systemWorld,
  TcpDialer,
  userAgent,
  ZERO_HASH,
} from 'soterd/peer';

/** Blocks that a node names in one answer; a full answer is not the last. */
const FULL_ANSWER = 500;

const once = process.argv.includes('--once');
const [address = '127.0.0.1:18555', name = 'simnet'] = process.argv.slice(2).filter((arg) => arg !== '--once');
if (name !== 'mainnet' && name !== 'testnet1' && name !== 'regtest' && name !== 'simnet') {
  console.error(`unknown network ${name}: mainnet, testnet1, regtest or simnet`);
  process.exit(1);
}
const params = networkParams(name);

const transport = await new TcpDialer().dial(address, AbortSignal.timeout(10_000)).catch((error: Error) => {
  console.error(`cannot connect to ${address}: ${error.message}`);
  process.exit(1);
});
const peer = new Peer(
  { params, inbound: false, address, services: Services.witness, userAgent: userAgent(params.generation, ['example']) },
  {
    transport,
    world: systemWorld,
    logger: silentLogger,
    nonces: new SentNonces(),
    nextId: () => 1,
    newestHeight: () => 0,
    handlers: {
      version: (_, { userAgent: agent, lastBlock }) => console.log(`${address} is ${agent}, at height ${lastBlock}`),
      messages: {
        // The handshake is complete: ask for all blocks above genesis.
        verack: () => peer.pushGetBlocks(0, ZERO_HASH),
        inv: (_, { inventory }) => {
          for (const { type, hash, height } of inventory) {
            if (type === InvType.block) console.log(`block ${hashToHex(hash)} at height ${height}`);
            else console.log(`transaction ${hashToHex(hash)}`);
          }
          const last = inventory.at(-1);
          if (inventory.length === FULL_ANSWER && last) peer.pushGetBlocks(last.height, ZERO_HASH);
          else if (once) peer.disconnect('all blocks were told');
        },
      },
    },
  },
);
process.once('SIGINT', () => peer.disconnect('interrupted'));
peer.start();
console.log(`${address}: ${await peer.closed}`);
