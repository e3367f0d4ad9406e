/**
 * The scopes of LinOTP's policies and the actions that it defines there, with what each takes.
 *
 * `presence`: on as soon as a rule names it, or says `*`, whatever value it gives: there LinOTP only looks whether a rule is found.
 * `switch`: the value counts, `=false` is off, and what is neither on nor off is off.
 * `list`: names with blanks between them. An action that does not stand here is kept and reported: it says nothing to Gatehouse.
 */
import { type ActionValue, asSwitch } from '../action-text.ts';

/** What counts as the PIN before the code; LinOTP also writes them as 0 to 3. */
export const PIN_MODES = ['token_pin', 'password', 'only_otp', 'ignore_pin'] as const;
export type PinMode = (typeof PIN_MODES)[number];

interface ValueOf {
  switch: boolean;
  presence: true;
  number: number;
  text: string;
  list: readonly string[];
  pinMode: PinMode;
}
export type Kind = keyof ValueOf;
export type LinotpValue = ValueOf[Kind];

const SCOPES = {
  authentication: {
    autosms: 'switch', // LinOTP looks for presence here, too
    challenge_response: 'list',
    delete_on_authentication_exceed: 'switch',
    disable_on_authentication_exceed: 'switch',
    email_provider: 'list',
    emailsubject: 'text',
    emailtext: 'text',
    enforce_smstext: 'switch',
    forward_on_no_token: 'switch',
    forward_server: 'text',
    only_sent_otp: 'switch', // Gatehouse's: only the code that was sent last is accepted, not the window
    otppin: 'pinMode',
    passOnNoToken: 'switch',
    passthru: 'presence',
    push_provider: 'list',
    qrtanurl: 'text',
    qrtanurl_init: 'text',
    qrtoken_challenge_callback_sms: 'text',
    qrtoken_challenge_callback_url: 'text',
    qrtoken_pairing_callback_sms: 'text',
    qrtoken_pairing_callback_url: 'text',
    qrtoken_pairing_cert: 'text',
    sms_dynamic_mobile_number: 'switch',
    sms_failover_on_refusal: 'switch', // Gatehouse's: the next provider is tried also when one says no
    sms_number_check: 'text', // Gatehouse's: the number has to be a real one; the country of numbers without one
    sms_provider: 'list',
    smstext: 'text',
    support_offline: 'list',
    trigger_sms: 'presence',
    voice_language: 'text',
    voice_message: 'text',
    voice_provider: 'list',
  },
  authorization: {
    authorize: 'presence',
    detail_on_fail: 'presence',
    detail_on_success: 'presence',
    serial: 'text',
    setrealm: 'text',
    tokentype: 'list',
  },
  enrollment: {
    autoassignment: 'switch',
    autoassignment_forward: 'switch',
    autoassignment_from_realm: 'text',
    autoassignment_without_password: 'switch',
    autoenrollment: 'list',
    ignore_autoassignment_pin: 'switch',
    lostTokenPWContents: 'text',
    lostTokenPWLen: 'number',
    lostTokenValid: 'text',
    maxtoken: 'number',
    maxtokenEMAIL: 'number',
    maxtokenHMAC: 'number',
    maxtokenPUSH: 'number',
    maxtokenPW: 'number',
    maxtokenQR: 'number',
    maxtokenSMS: 'number',
    maxtokenSPASS: 'number',
    maxtokenTOTP: 'number',
    maxtokenVOICE: 'number',
    otp_pin_encrypt: 'number',
    otp_pin_random: 'number',
    otp_pin_random_content: 'text',
    purge_rollout_token: 'switch',
    refuse_existing_serial: 'switch', // Gatehouse's: a token that is there is not made anew
    tokencount: 'number',
    tokenissuer: 'text',
    tokenlabel: 'text',
  },
  selfservice: {
    assign: 'switch',
    delete: 'switch',
    disable: 'switch',
    edit_email: 'switch',
    edit_sms: 'switch',
    enable: 'switch',
    enrollEMAIL: 'switch',
    enrollHMAC: 'switch',
    enrollSMS: 'switch',
    enrollTOTP: 'switch',
    footer_text: 'text',
    getotp: 'switch',
    getserial: 'switch',
    history: 'switch',
    imprint_url: 'text',
    max_count_dpw: 'number',
    max_count_hotp: 'number',
    max_count_totp: 'number',
    mfa_3_fields: 'switch',
    mfa_login: 'switch',
    mfa_passOnNoToken: 'switch',
    otp_pin_contents: 'text',
    otp_pin_maxlength: 'number',
    otp_pin_minlength: 'number',
    privacy_notice_url: 'text',
    reset: 'switch',
    resync: 'switch',
    setDescription: 'switch',
    setMOTPPIN: 'switch',
    setOTPPIN: 'switch',
    show_landing_page: 'switch',
    unassign: 'switch',
    verify: 'switch',
  },
  admin: {
    assign: 'presence',
    checkstatus: 'presence',
    copytokenpin: 'presence',
    copytokenuser: 'presence',
    disable: 'presence',
    enable: 'presence',
    getotp: 'presence',
    getserial: 'presence',
    import: 'presence',
    initEMAIL: 'presence',
    initETNG: 'presence',
    initHMAC: 'presence',
    initPW: 'presence',
    initSMS: 'presence',
    initSPASS: 'presence',
    initTOTP: 'presence',
    losttoken: 'presence',
    manageToken: 'presence',
    remove: 'presence',
    reset: 'presence',
    resync: 'presence',
    set: 'presence',
    setMOTPPIN: 'presence',
    setOCRAPIN: 'presence',
    setOTPPIN: 'presence',
    show: 'presence',
    tokenowner: 'presence',
    totp_lookup: 'presence',
    unassign: 'presence',
    unpair: 'presence',
    userlist: 'presence',
  },
  system: { read: 'presence', write: 'presence' },
  audit: { view: 'presence' },
  gettoken: { max_count_dpw: 'number', max_count_hotp: 'number', max_count_totp: 'number' },
  tools: { import_users: 'presence', migrate_resolver: 'presence' },
  monitoring: {
    activeUsers: 'presence',
    config: 'presence',
    license: 'presence',
    storageEncryption: 'presence',
    tokens: 'presence',
    userinfo: 'presence',
  },
  reporting: { token_status: 'text', token_total: 'presence', token_user_total: 'presence' },
  'reporting.access': {
    delete_all: 'presence',
    delete_before: 'presence',
    maximum: 'presence',
    period: 'presence',
    show: 'presence',
  },
  notification: { autoenrollment: 'text', enrollment: 'text', setPin: 'text' },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Kind>>>>;

export type LinotpScope = keyof typeof SCOPES;
export type ActionOf<Scope extends LinotpScope> = keyof (typeof SCOPES)[Scope] & string;
export type ValueFor<
  Scope extends LinotpScope,
  Action extends ActionOf<Scope>,
> = ValueOf[(typeof SCOPES)[Scope][Action] & Kind];

export const LINOTP_SCOPES = Object.keys(SCOPES) as readonly LinotpScope[];

/** In these an empty user or client is stored as `*`. */
export const FILLED_SCOPES: ReadonlySet<string> = new Set<LinotpScope>([
  'selfservice',
  'admin',
  'enrollment',
  'authorization',
  'authentication',
]);

/** That are on when a rule of the scope is found. */
export function presentActions(scope: LinotpScope): string[] {
  return Object.entries(SCOPES[scope]).flatMap(([action, kind]) => (kind === 'presence' ? [action] : []));
}

export function isLinotpScope(name: string): name is LinotpScope {
  return Object.hasOwn(SCOPES, name);
}

/** What each action of a scope takes. */
export function linotpActions(scope: LinotpScope): Readonly<Record<string, Kind>> {
  return SCOPES[scope];
}

/** Undefined: LinOTP defines no such action there. */
export function linotpKind(scope: LinotpScope, action: string): Kind | undefined {
  const kinds = linotpActions(scope);
  return Object.hasOwn(kinds, action) ? kinds[action] : undefined;
}

/** As LinOTP takes what is written; undefined: it is nothing of this kind. */
export function typedValue(kind: Kind, written: ActionValue): LinotpValue | undefined {
  switch (kind) {
    case 'presence':
      return true;
    case 'switch':
      return asSwitch(written) ?? false;
    case 'number':
      if (typeof written === 'boolean') return written ? 1 : 0;
      return /^[+-]?[0-9]{1,9}$/.test(written) ? Number(written) : undefined;
    case 'text':
      return asText(written);
    case 'list':
      return asText(written)
        .split(/\s+/)
        .filter((one) => one !== '');
    case 'pinMode':
      return PIN_MODES.find((mode, number) => written === mode || written === String(number));
  }
}

/** An action without a value is the text `True`. */
function asText(written: ActionValue): string {
  if (typeof written === 'string') return written;
  return written ? 'True' : 'False';
}
