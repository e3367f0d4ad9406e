/**
 * The text of an SMS (docs/tokens.md). Later wins: `<otp>`, the request's `challenge`, the policy `smstext`, the request's `data` or else
 * `message`, unless the policy `enforce_smstext` is set. Tags: `<otp>`, which is put in front where it is missing, and `<serial>`. As
 * with LinOTP `<transactionid>` stays as it is: who triggers has no transaction yet.
 */

export interface TextSources {
  readonly challenge?: string | undefined;
  readonly policy?: string | undefined;
  readonly enforced: boolean;
  readonly data?: string | undefined;
  readonly message?: string | undefined;
}

/** Longer ones are cut: no provider takes more, and whoever asks chooses them. */
const MAX_TEXT = 1_000;

export function messageText(sources: TextSources, otp: string, serial: string): string {
  const asked = sources.enforced ? undefined : (sources.data ?? sources.message);
  const text = (asked ?? sources.policy ?? sources.challenge ?? '<otp>').slice(0, MAX_TEXT);
  const whole = text.includes('<otp>') ? text : `<otp> ${text}`;
  return whole.replaceAll('<otp>', otp).replaceAll('<serial>', serial);
}
