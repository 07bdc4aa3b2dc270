import { type AnyParam, optional, required } from '../params/signature.ts';
import { bool, float64, int, int32, int64, listOf, mapOf, objectType, string, uint, uint32 } from '../params/types.ts';
import { defineMethod, type Method, type MethodScope } from './define.ts';

// Methods that a client of this family of nodes may know, but which this node does not carry out: those of wallets, those
// that mean nothing in a DAG, and names of notifications. Their parameters are checked before they are refused.

const WALLET = 'This implementation does not implement wallet commands';
const UNIMPLEMENTED = 'Command unimplemented';

const amounts = mapOf(float64, '{"address":amount,...}');
const transactionInput = objectType('soterjson.TransactionInput', { txid: string, vout: uint32 });
const signInput = objectType('soterjson.RawTxInput', {
  txid: string,
  vout: uint32,
  scriptpubkey: string,
  redeemscript: string,
});
const blockDetails = objectType('soterjson.BlockDetails', { height: int32, hash: string, index: int, time: int64 });

const text = (name: string) => required(name, string, '');
const maybeText = (name: string) => optional(name, string, '');
const minConf = optional('minconf', int, '', 1);
const watchOnly = optional('includewatchonly', bool, '', false);
const includeEmpty = optional('includeempty', bool, '', false);
const rescan = optional('rescan', bool, '', true);
const amount = required('amount', float64, '');
const keys = required('keys', listOf(string), '');

interface Entry {
  readonly name: string;
  readonly params: readonly AnyParam[];
  readonly refusal?: string;
  readonly wallet?: boolean;
  readonly scope?: MethodScope;
}

/** A wallet's method, refused with a pointer to that. */
const wallet = (name: string, ...params: readonly AnyParam[]): Entry => ({
  name,
  params,
  refusal: WALLET,
  wallet: true,
});
/** A wallet's method that the reference node does not even refuse. */
const walletOnly = (name: string, ...params: readonly AnyParam[]): Entry => ({ name, params, wallet: true });
const walletSocket = (entry: Entry): Entry => ({ ...entry, scope: 'websocket' });
const unimplemented = (name: string, ...params: readonly AnyParam[]): Entry => ({
  name,
  params,
  refusal: UNIMPLEMENTED,
});
const reserved = (name: string, ...params: readonly AnyParam[]): Entry => ({ name, params });
const socket = (name: string, ...params: readonly AnyParam[]): Entry => ({ name, params, scope: 'websocket' });
const notification = (name: string, ...params: readonly AnyParam[]): Entry => ({ name, params, scope: 'notification' });

const blockPlace = [text('hash'), required('height', int32, ''), required('time', int64, '')];
const addressList = required('addresses', listOf(string), '');

const entries: readonly Entry[] = [
  wallet('addmultisigaddress', required('nrequired', int, ''), keys, maybeText('account')),
  walletOnly('addwitnessaddress', text('address')),
  walletSocket(wallet('createencryptedwallet', text('passphrase'))),
  wallet('createmultisig', required('nrequired', int, ''), keys),
  walletOnly('createnewaccount', text('account')),
  wallet('dumpprivkey', text('address')),
  wallet('dumpwallet', text('filename')),
  wallet('encryptwallet', text('passphrase')),
  walletSocket(walletOnly('exportwatchingwallet', maybeText('account'), optional('download', bool, '', false))),
  wallet('getaccount', text('address')),
  wallet('getaccountaddress', text('account')),
  wallet('getaddressesbyaccount', text('account')),
  wallet('getbalance', maybeText('account'), minConf),
  wallet('getnewaddress', maybeText('account')),
  wallet('getrawchangeaddress', maybeText('account')),
  wallet('getreceivedbyaccount', text('account'), minConf),
  wallet('getreceivedbyaddress', text('address'), minConf),
  wallet('gettransaction', text('txid'), watchOnly),
  { ...wallet('gettxoutsetinfo'), wallet: false },
  walletSocket(wallet('getunconfirmedbalance', maybeText('account'))),
  wallet('getwalletinfo'),
  walletOnly('importaddress', text('address'), rescan),
  wallet('importprivkey', text('privkey'), maybeText('label'), rescan),
  walletOnly('importpubkey', text('pubkey'), rescan),
  wallet('importwallet', text('filename')),
  wallet('keypoolrefill', optional('newsize', uint, '', 100)),
  wallet('listaccounts', minConf),
  wallet('listaddressgroupings'),
  walletSocket(walletOnly('listaddresstransactions', addressList, maybeText('account'))),
  walletSocket(walletOnly('listalltransactions', maybeText('account'))),
  wallet('listlockunspent'),
  wallet('listreceivedbyaccount', minConf, includeEmpty, watchOnly),
  wallet('listreceivedbyaddress', minConf, includeEmpty, watchOnly),
  wallet('listsinceblock', maybeText('blockhash'), optional('targetconfirmations', int, '', 1), watchOnly),
  wallet(
    'listtransactions',
    maybeText('account'),
    optional('count', int, '', 10),
    optional('from', int, '', 0),
    watchOnly,
  ),
  wallet('listunspent', minConf, optional('maxconf', int, '', 9_999_999), optional('addresses', listOf(string), '')),
  wallet('lockunspent', required('unlock', bool, ''), required('transactions', listOf(transactionInput), '')),
  wallet('move', text('fromaccount'), text('toaccount'), amount, minConf, maybeText('comment')),
  walletSocket(walletOnly('recoveraddresses', text('account'), required('n', int, ''))),
  walletOnly('renameaccount', text('oldaccount'), text('newaccount')),
  wallet(
    'sendfrom',
    text('fromaccount'),
    text('toaddress'),
    amount,
    minConf,
    maybeText('comment'),
    maybeText('commentto'),
  ),
  wallet('sendmany', text('fromaccount'), required('amounts', amounts, ''), minConf, maybeText('comment')),
  wallet('sendtoaddress', text('address'), amount, maybeText('comment'), maybeText('commentto')),
  wallet('setaccount', text('address'), text('account')),
  wallet('settxfee', amount),
  wallet('signmessage', text('address'), text('message')),
  wallet(
    'signrawtransaction',
    text('rawtx'),
    optional('inputs', listOf(signInput), ''),
    optional('privkeys', listOf(string), ''),
    optional('flags', string, '', 'ALL'),
  ),
  walletSocket(walletOnly('walletislocked')),
  wallet('walletlock'),
  wallet('walletpassphrase', text('passphrase'), required('timeout', int64, '')),
  wallet('walletpassphrasechange', text('oldpassphrase'), text('newpassphrase')),

  { ...unimplemented('estimatepriority', required('numblocks', int64, '')), wallet: true },
  unimplemented('getchaintips'),
  unimplemented('getmempoolentry', text('txid')),
  unimplemented('getnetworkinfo'),
  unimplemented('getwork', maybeText('data')),
  unimplemented('invalidateblock', text('blockhash')),
  unimplemented('preciousblock', text('blockhash')),
  unimplemented('reconsiderblock', text('blockhash')),
  reserved('gettxoutproof', required('txids', listOf(string), ''), maybeText('blockhash')),
  reserved('verifytxoutproof', text('proof')),

  socket('authenticate', text('username'), text('passphrase')),

  notification('blockconnected', ...blockPlace),
  notification('blockdisconnected', ...blockPlace),
  notification(
    'filteredblockconnected',
    required('height', int32, ''),
    text('header'),
    required('subscribedtxs', listOf(string), ''),
  ),
  notification('filteredblockdisconnected', required('height', int32, ''), text('header')),
  notification('recvtx', text('hextx'), optional('block', blockDetails, '')),
  notification('redeemingtx', text('hextx'), optional('block', blockDetails, '')),
  notification('relevanttxaccepted', text('transaction')),
  notification('rescanfinished', ...blockPlace),
  notification('rescanprogress', ...blockPlace),
  notification('txaccepted', text('txid'), amount),
  notification('txacceptedverbose', required('rawtx', objectType('soterjson.TxRawResult', {}), '')),
];

/** Methods that this node knows by name only. */
export const foreignMethods: readonly Method[] = entries.map((entry) => defineMethod(entry));
