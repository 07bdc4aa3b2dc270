/** Proof of work behind one interface. See docs/protocol.md. */
export { checkedTarget, PowError, type PowErrorCode, type ProofOfWork } from './proof-of-work.ts';
export { type NonceSearch, searchNonce, sha256dPow } from './sha256d.ts';
