import { test } from 'node:test';
import { nothingWrittenHoldsSecrets } from './otp-secrets.ts';

test('nothing that is written in a whole run holds a secret', (t) => nothingWrittenHoldsSecrets(t));
