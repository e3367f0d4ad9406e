/**
 * What belongs to Kamailio and later OpenSIPS and not to SER or OpenSER, word by word, and how the same is written here. A file of
 * theirs is read like any other, so that each such word is told at its place.
 */
import type { Explanation } from './diagnostics.ts';

const CAUSE = 'it belongs to Kamailio or OpenSIPS';
type Words = Readonly<Record<string, string>>;

const FUNCTIONS: Words = {
  send_reply: 'write sl_send_reply("404", "Not Found")',
  sl_reply: 'write sl_send_reply("404", "Not Found")',
  is_request: 'a request route runs for requests alone; remove it',
  is_reply: 'an onreply_route runs for replies alone; remove it',
  auth_challenge: 'write www_challenge("", "1") or proxy_challenge("", "1")',
  auth_check: 'write www_authorize("", "subscriber") and check_to(), or proxy_authorize and check_from()',
  pv_auth_check: 'write pv_www_authorize("realm")',
  t_relay_to: 'write t_relay("udp:192.0.2.1:5060")',
  t_is_set: 'a route that is armed runs once; arm it again where it is wanted',
  t_any_replied: 'write t_check_status("[1-6][0-9][0-9]")',
  t_is_canceled: 'write t_was_cancelled()',
  t_precheck_trans: 'retransmissions never reach the script; remove it',
  xerr: 'write xlog("L_ERR", "text")',
  xnotice: 'write xlog("L_NOTICE", "text")',
  xinfo: 'write xlog("L_INFO", "text")',
  xwarn: 'write xlog("L_WARN", "text")',
  msg_apply_changes: 'changes to headers are applied when the request goes on',
  sanity_check: 'malformed requests are answered 400 before the script; remove it',
  is_myself: 'write uri==myself, or $rd==myself for a variable',
  uri_is_myself: 'write uri==myself',
  from_uri_is_myself: 'write from_uri==myself',
  is_first_hop: 'write src_ip== with the address of the telephones or of the proxy before this one',
  set_forward_no_connect: 'a connection of a telephone is never opened from here; remove it',
  set_reply_no_connect: 'a connection of a telephone is never opened from here; remove it',
  t_set_fr: 'write modparam("tm", "fr_inv_timer", 30)',
  t_load_contacts: 'write serialize_branches(1)',
  t_next_contacts: 'write next_branches()',
  reg_fetch_contacts: 'write lookup("location")',
  not_empty: 'write $x!="" or $x!=NULL',
  is_null: 'write $x==NULL',
};

const BLOCKS: Words = {
  request_route: 'write route { ... }',
  reply_route: 'write onreply_route { ... }',
  local_route: 'requests of our own do not run through the script; remove the block',
  startup_route: 'there is nothing that runs at the start; remove the block',
  timer_route: 'there is nothing that runs by the clock; remove the block',
  event_route: 'there are no events; remove the block',
  onsend_route: 'write branch_route[1] { ... } and arm it with t_on_branch("1")',
};

const VARIABLES: Words = {
  shv: 'use $avp(s:name) or $var(name)',
  dlg_var: 'use $avp(s:name)',
  sht: 'use $avp(s:name)',
  xavp: 'use $avp(s:name)',
  xavu: 'use $avp(s:name)',
  sel: 'use $hdr(name)',
  expires: 'use $hdr(Expires)',
  time: 'use $Tf or $Ts',
  TS: 'use $Ts',
  TV: 'use $Ts',
  fs: 'the sending socket is chosen by the route',
  T_reply_code: 'use t_check_status("...")',
  T_branch_idx: 'there is no number of a branch',
  rv: 'the version of the request is always SIP/2.0',
  pau: 'use $ai',
  def: 'preprocessor names do not exist here',
  env: 'write the value itself',
  ct_uri: 'use $ct',
  nh: 'use $du',
  null: 'write NULL',
};

const DIRECTIVES: Words = {
  define: 'write the value in place of its name',
  trydef: 'write the value in place of its name',
  redefine: 'write the value in place of its name',
  subst: 'write the text as it shall be',
  substdef: 'write the text as it shall be',
  ifdef: 'keep the lines of the case that shall be valid, and remove the others',
  ifndef: 'keep the lines of the case that shall be valid, and remove the others',
  ifexp: 'keep the lines of the case that shall be valid, and remove the others',
  else: 'keep the lines of the case that shall be valid, and remove the others',
  endif: 'keep the lines of the case that shall be valid, and remove the others',
  include_file: 'put the text of the other file here',
  import_file: 'put the text of the other file here',
};

const SETTINGS: Words = {
  loadpath: 'remove the line; modules are built in',
  log_prefix: 'remove the line; each line of the log says what it is about',
  enable_tls: 'write tls_certificate="..." and tls_private_key="..."',
  tcp_accept_no_cl: 'remove the line; a Content-Length is required over TCP (RFC 3261 18.3)',
  server_id: 'remove the line',
  log_engine_type: 'remove the line',
  xavp_via_params: 'remove the line',
};
const SETTING_GROUPS = /^(?:tcp|tls|dns|udp|sctp|pv|mem|shm|log|msg|async|kemi|latency|route_locks)_/;

const MODULES: Words = {
  pv: 'remove the line; variables are part of the language',
  kex: 'remove the line; its functions are part of the core',
  corex: 'remove the line',
  tmx: 'remove the line; tm has t_check_trans and its kin',
  siputils: 'remove the line; is_method is in textops',
  sipcapture: 'remove the line; see gatehouse trace',
  sanity: 'remove the line; malformed requests are answered 400 before the script',
  ctl: 'remove the line; serctl and gatehouse find the server by themselves',
  mi_fifo: 'remove the line; serctl and gatehouse find the server by themselves',
  mi_rpc: 'remove the line; serctl and gatehouse find the server by themselves',
  jsonrpcs: 'remove the line; see the HTTP interface of the console',
  xhttp: 'remove the line; see the HTTP interface of the console',
  tls: 'remove the line; write tls_certificate="..." and tls_private_key="..."',
  websocket: 'remove the line; browsers come to /sip on the HTTP port',
  htable:
    'remove the line; senders of wrong passwords are slowed without it, and $avp(s:name) holds a value of a request',
  debugger: 'remove the line; see gatehouse trace',
  db_unixodbc: 'load mysql or postgres',
  db_sqlite: 'remove the line; without a db_url the database is SQLite in the data directory',
};

export const laterFunction = (name: string) => among(FUNCTIONS, name);
export const laterBlock = (word: string) => among(BLOCKS, word);
export const laterVariable = (name: string) => among(VARIABLES, name);
export const laterDirective = (word: string) => among(DIRECTIVES, word);
export const laterModule = (name: string) => among(MODULES, name);
/** `known`: it is no word of SER or OpenSER. */
export function laterSetting(name: string): Explanation | undefined {
  return among(SETTINGS, name) ?? (SETTING_GROUPS.test(name) ? { cause: CAUSE, cure: 'remove the line' } : undefined);
}

/** All functions named here: none of them may exist. */
export const LATER_FUNCTIONS: readonly string[] = Object.keys(FUNCTIONS);

function among(words: Words, name: string): Required<Explanation> | undefined {
  return Object.hasOwn(words, name) ? { cause: CAUSE, cure: words[name]! } : undefined;
}
