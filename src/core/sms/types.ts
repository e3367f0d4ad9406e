/**
 * How an SMS leaves the house: what core knows of the gateways behind src/sms.
 *
 * A class of providers (HttpSMSProvider and its kin) makes a provider of a configuration. Errors of `open`: SMS_CONFIG, with the key, what is
 * allowed and an example. Errors of `send`: SMS_UNREACHABLE (refused, reset, DNS, TLS, time-out: another provider may be tried), SMS_REFUSED (the
 * gateway was reached and says no), SMS_NUMBER (nothing that could be sent to).
 */

import type { AuditLines } from '../audit/types.ts';

/** The JSON object that an administrator writes. */
export type SmsConfig = Readonly<Record<string, unknown>>;

export interface SmsMessage {
  /** As it stands with the user. */
  readonly number: string;
  readonly text: string;
}

/** What a gateway reports later of a message that it took. */
export interface SmsReceipt {
  /** As `send` told it. */
  readonly id: string;
  /** `failed`: it will not arrive. More than one may come, and `underway` after the last does not undo it. */
  readonly state: 'underway' | 'delivered' | 'failed' | 'unknown';
  /** In the gateway's words: `UNDELIV, error 34`. */
  readonly detail: string;
}

export interface ProviderCertificate {
  /** `client certificate CN=we`. */
  readonly what: string;
  /** Milliseconds since the epoch. */
  readonly end: number;
}

export interface SmsProvider {
  /**
   * Resolves when the gateway has taken the message; with what it answered, shortened. `taken` hears before any receipt, and for each part that was
   * taken, under which id receipts will speak of it; a gateway that reports nothing never calls it.
   */
  send(message: SmsMessage, taken?: (id: string) => void): Promise<string>;
  /**
   * Where receipts are set up: from now on they are listened for, also those of messages that were sent before this provider was opened. One
   * listener, which throws nothing.
   */
  onReceipt?(listener: (receipt: SmsReceipt) => void): void;
  /** Those that it shows and believes, as it read them when it was opened. */
  readonly certificates?: readonly ProviderCertificate[];
  /** Lets go of connections; what is under way ends. */
  close(): Promise<void>;
}

export interface SmsClass {
  /** `HttpSMSProvider`; also known as LinOTP writes it, `smsprovider.HttpSMSProvider.HttpSMSProvider`. */
  readonly name: string;
  /** In a few words. */
  readonly about: string;
  open(config: SmsConfig): Promise<SmsProvider>;
}

export interface SmsDefinition {
  readonly name: string;
  /** The plain name of the class. */
  readonly class: string;
  readonly config: SmsConfig;
  /** Seconds that a code sent by it is valid; null: as the system says. */
  readonly timeout: number | null;
  readonly isDefault: boolean;
}

/** A definition as the database keeps it. */
export type SealedDefinition = Omit<SmsDefinition, 'config'> & { readonly config: Uint8Array };

export interface SmsProviderStore {
  list(): Promise<SealedDefinition[]>;
  /** Makes or changes it; as the default it takes the place of another. */
  set(definition: SealedDefinition, audit: AuditLines): Promise<void>;
  remove(name: string, audit: AuditLines): Promise<void>;
}
