/**
 * Modules of SER 0.9 and OpenSER 1.0 to 1.3 that are not here, with their functions, and what a site does that used them. A file that
 * loads one is told so at each place.
 */
interface AbsentModule {
  readonly cure: string;
  /** What to write in place of each function; empty: as the module's. */
  readonly functions: Readonly<Record<string, string>>;
}

const COMMANDS = 'remove the line; commands come over mi_fifo, the control socket or POST /api/v1/manage';
const PRESENCE =
  'there is no presence server here: relay PUBLISH and SUBSCRIBE to one, or answer sl_send_reply("489", "Bad Event")';
const DATABASE = 'load mysql or postgres; without a db_url the database is SQLite in the data directory';
const GATEWAYS =
  'name the gateway in the script, rewritehostport("192.0.2.1:5060"), and the next one in a failure_route with append_branch("sip:...")';
const NUMBERS = 'write what is done with a number into the script: if (uri=~"^sip:00") { strip(2); prefix("+"); }';
const RADIUS =
  'only authentication goes to a RADIUS server (auth_radius); groups and preferences are rows: is_user_in, avp_db_load';
const PROGRAM =
  'a script runs no program; a hook is told when somebody logs in, registers or leaves, and may decide (docs/hooks.md)';
const OTHER_NETWORK = 'SIP is not translated into other protocols here: relay MESSAGE to a server that does';

const absent = (cure: string, ...functions: readonly string[]): AbsentModule => ({
  cure,
  functions: Object.fromEntries(functions.map((name) => [name, ''])),
});

const MODULES: Readonly<Record<string, AbsentModule>> = {
  mi_datagram: absent(COMMANDS),
  mi_unixsock: absent(COMMANDS),
  mi_xmlrpc: absent(COMMANDS),
  print: absent('remove the line', 'print'),
  options: absent('write sl_send_reply("200", "OK")', 'options_reply'),
  statistics: absent(
    'remove the line; counters are read at /metrics and with serctl stats',
    'update_stat',
    'reset_stat',
  ),
  snmpstats: absent('remove the line; counters are read at /metrics and with serctl stats'),
  benchmark: absent('remove the line', 'bm_start_timer', 'bm_log_timer'),
  cfgutils: absent('remove the line and what uses it', 'rand_event', 'rand_set_prob', 'sleep', 'usleep'),
  siptrace: absent('remove the line; gatehouse trace shows what the script does with a message', 'sip_trace'),
  gflags: absent(
    'write the choice into the script and have it read again: gatehouse reload',
    ...['set_gflag', 'reset_gflag', 'is_gflag'],
  ),
  ratelimit: absent(
    'remove the line: too much load is answered 503 without it, and pike finds single senders',
    ...['rl_check', 'rl_check_pipe', 'rl_drop'],
  ),
  dialog: absent('remove the line and what uses it; acc writes when calls begin and end'),
  sst: absent('remove the line: telephones agree on session timers by themselves', 'sstCheckMin'),

  mediaproxy: absent(
    'load nathelper, which has fix_contact and nat_uac_test; there is no relay for media here (STUN, ICE, or an RTP relay in their path)',
  ),
  nat_traversal: absent('load nathelper: nat_uac_test, fix_nated_contact and natping_interval', 'nat_keepalive'),
  mangler: absent(
    'load nathelper: fix_nated_contact and fix_nated_sdp',
    ...['sdp_mangle_ip', 'sdp_mangle_port', 'encode_contact', 'decode_contact', 'decode_contact_header'],
  ),
  path: absent(
    'remove the line: the Path that others have put in is kept (use_path of registrar), and none is added here',
    ...['add_path', 'add_path_received'],
  ),

  lcr: {
    cure: GATEWAYS,
    functions: {
      load_gws: '',
      next_gw: '',
      from_gw: 'write allow_trusted(), or src_ip== with the address of the gateway',
      to_gw: 'write uri=~ with the address of the gateway',
      load_contacts: 'write serialize_branches(1)',
      next_contacts: 'write next_branches()',
    },
  },
  carrierroute: absent(GATEWAYS, 'cr_route', 'cr_tree_rewrite_uri', 'cr_prime_routing', 'cr_user_rewrite_uri'),
  dispatcher: absent(
    'name a host whose SRV records list the servers, rewritehost("gw.example.com"): one that fails is passed over by itself',
    ...['ds_select_dst', 'ds_select_domain', 'ds_select_new', 'ds_next_dst', 'ds_next_domain', 'ds_mark_dst'],
    'ds_is_from_list',
  ),
  pdt: absent(NUMBERS, 'prefix2domain'),
  dialplan: absent(NUMBERS, 'dp_translate'),
  enum: absent(
    'numbers are not looked up in DNS here: send them to a gateway',
    ...['enum_query', 'enum_fquery', 'is_from_user_enum', 'i_enum_query', 'isn_query'],
  ),
  osp: absent(GATEWAYS, 'requestosprouting', 'prepareosproute', 'checkospheader', 'validateospheader'),
  domainpolicy: absent('write rewritehost for the domains that need it', 'dp_can_connect', 'dp_apply_policy'),
  uac: {
    cure: 'have the trunk know this server by its address; From and credentials of a request stay as its sender wrote them',
    functions: { uac_auth: '', uac_replace_from: '', uac_restore_from: '', uac_replace_to: '', uac_req_send: '' },
  },
  uac_redirect: absent(
    'a 3xx goes back to the caller, whose telephone follows it; or t_check_status("30[12]") and append_branch("sip:...")',
    ...['get_redirects', 'set_accept_filter', 'set_deny_filter'],
  ),
  diversion: absent('write append_hf("Diversion: <$ru>;reason=unconditional\\r\\n")', 'add_diversion'),

  speeddial: absent(
    'load avpops: avp_db_query("select new_uri from speed_dial where username=\'$fU\' and sd_username=\'$rU\'", "$avp(s:to)"), then avp_pushto("$ru", "$avp(s:to)")',
    'sd_lookup',
  ),
  closeddial: absent('load avpops: avp_db_query and avp_pushto("$ru", "$avp(s:to)")', 'cd_lookup'),
  userblacklist: absent('load avpops: avp_db_load and avp_check', 'check_user_blacklist', 'check_blacklist'),
  'cpl-c': absent(
    'users have no scripts of their own here: keep what they wish in usr_preferences and read it with avp_db_load',
    ...['cpl_run_script', 'cpl_process_register', 'cpl_process_register_norpl'],
  ),
  msilo: absent(
    'messages are not kept here: answer sl_send_reply("480", "Temporarily Unavailable") to a MESSAGE for who is not there',
    ...['m_store', 'm_dump'],
  ),
  vm: absent(
    'relay the call to a voicemail server that speaks SIP: rewritehostport("192.0.2.30:5080"); t_relay();',
    'vm',
  ),
  voicemail: absent(
    'relay the call to a voicemail server that speaks SIP: rewritehostport("192.0.2.30:5080"); t_relay();',
  ),
  exec: absent(PROGRAM, 'exec_msg', 'exec_dset', 'exec_avp'),
  perl: absent(PROGRAM, 'perl_exec', 'perl_exec_simple'),
  perlvdb: absent(DATABASE),
  seas: absent(PROGRAM, 'as_relay_t'),
  ext: absent(PROGRAM, 'ext_rewriteuser'),

  presence: absent(PRESENCE, 'handle_publish', 'handle_subscribe', 'pres_auth_status'),
  pa: absent(PRESENCE, 'handle_subscription', 'pa_handle_registration'),
  rls: absent(PRESENCE, 'rls_handle_subscribe', 'rls_handle_notify'),
  ...among(
    [
      'presence_xml',
      'presence_mwi',
      'presence_dialoginfo',
      'presence_xcapdiff',
      'pua',
      'pua_bla',
      'pua_mi',
      'pua_usrloc',
    ],
    PRESENCE,
  ),
  ...among(['pua_xmpp', 'pua_dialoginfo', 'xcap_client'], PRESENCE),
  imc: absent('relay MESSAGE to a conference server', 'imc_manager'),
  jabber: absent(OTHER_NETWORK, 'jab_send_message', 'jab_join_jwchat', 'jab_exit_jwchat', 'jab_go_online'),
  xmpp: absent(OTHER_NETWORK, 'xmpp_send_message'),
  sms: absent(OTHER_NETWORK, 'sms_send_msg', 'sms_send_msg_to_net'),

  ldap: absent(
    'persons of a directory get in through a resolver (docs/realms.md)',
    ...['ldap_search', 'ldap_result', 'ldap_result_check', 'ldap_result_next', 'ldap_filter_url_encode'],
  ),
  h350: absent(
    'persons of a directory get in through a resolver (docs/realms.md)',
    ...['h350_sipuri_lookup', 'h350_auth_lookup', 'h350_result_call_preferences', 'h350_result_service_level'],
  ),
  auth_diameter: absent(
    'load auth_db or auth_radius',
    ...['diameter_www_authorize', 'diameter_proxy_authorize', 'diameter_is_user_in'],
  ),
  auth_identity: absent('remove the line and what uses it'),
  tlsops: absent('set tls_verify_client and tls_require_certificate', 'is_peer_verified'),
  group_radius: absent(RADIUS, 'radius_is_user_in'),
  avp_radius: absent(RADIUS, 'avp_load_radius'),
  uri_radius: absent('load uri_db: does_uri_exist()', 'radius_does_uri_exist'),
  ...among(['dbtext', 'flatstore', 'unixodbc', 'bdb', 'db_berkeley'], DATABASE),
};

export interface AbsentListing {
  readonly name: string;
  readonly functions: readonly string[];
  readonly cure: string;
}

export function absentModule(name: string): string | undefined {
  return Object.hasOwn(MODULES, name) ? MODULES[name]!.cure : undefined;
}

/** The absent module that has the function, and what to do. */
export function absentFunction(name: string): { readonly module: string; readonly cure: string } | undefined {
  for (const [module, { functions, cure }] of Object.entries(MODULES)) {
    if (Object.hasOwn(functions, name)) return { module, cure: functions[name] || cure };
  }
  return undefined;
}

/** For the handbook: each with its functions. */
export function listAbsent(): AbsentListing[] {
  return Object.entries(MODULES).map(([name, { cure, functions }]) => ({
    name,
    cure,
    functions: Object.keys(functions),
  }));
}

function among(names: readonly string[], cure: string): Record<string, AbsentModule> {
  return Object.fromEntries(names.map((name) => [name, absent(cure)]));
}
