/** Tokens as a server wires them: one of each part, over the tables of a database. */
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Codes } from '../gate/codes.ts';
import type { Journal } from '../journal/types.ts';
import type { ActionPolicy } from '../policy/policy.ts';
import type { Keyring } from '../secrets/keyring.ts';
import { challengeDesk } from './challenge-status.ts';
import { Challenges } from './challenges.ts';
import type { CodeClaim } from './claim.ts';
import { TokenCodes } from './codes.ts';
import { StoredTokens } from './desk.ts';
import { Pins } from './pins.ts';
import { Shelf } from './shelf.ts';
import type { TokenStore } from './store.ts';
import { StoredSystemConfig } from './system-config.ts';
import type { ChallengeDesk, People, SmsSender, SystemConfig, TokenDesk } from './types.ts';

export interface TokenServiceParts {
  readonly store: TokenStore;
  readonly journal: Journal;
  readonly keyring: Keyring;
  readonly policy: ActionPolicy;
  readonly people: People;
  readonly sender: SmsSender;
  readonly clock: Clock;
  readonly log: Log;
  /** Owners whose tokens are in memory at most. */
  readonly capacity?: number;
}

export interface TokenService {
  /** What the gate asks. */
  readonly codes: Codes<CodeClaim>;
  readonly desk: TokenDesk;
  readonly config: SystemConfig;
  readonly challenges: ChallengeDesk;
  /** For metrics: owners and challenges in memory. */
  sizes(): { owners: number; challenges: number };
  /** Lets go of expired challenges; now and then. */
  sweep(): void;
  /** Reads configuration and challenges; before anything is asked. Errors: STORAGE_UNAVAILABLE. */
  load(): Promise<void>;
}

export function createTokens(parts: TokenServiceParts): TokenService {
  const { store, journal, keyring, clock, log } = parts;
  const pins = new Pins(keyring);
  const shelf = new Shelf(parts);
  const config = new StoredSystemConfig({ store, journal, clock });
  const challenges = new Challenges({ store, journal, keyring, clock, log });
  const closeChallenges = (serial: string) => challenges.closeOf(serial);
  const desk = new StoredTokens({ ...parts, shelf, pins, config, closeChallenges });
  return {
    codes: new TokenCodes({ ...parts, shelf, challenges, desk, config, pins }),
    desk,
    config,
    challenges: challengeDesk(challenges, shelf),
    sizes: () => ({ owners: shelf.size, challenges: challenges.size }),
    sweep: () => challenges.sweep(),
    async load() {
      await config.load();
      await challenges.load();
    },
  };
}
