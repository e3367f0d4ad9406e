import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePolicyFile, policyFileText } from './policy-file.ts';
import type { PolicyRule } from './types.ts';

function rule(changes: Partial<PolicyRule>): PolicyRule {
  const fields = { scope: 'sip', action: 'allow', user: '', realm: '', client: '', time: '' };
  return { name: 'one', ...fields, active: true, ...changes };
}

test('what is written is read again', () => {
  const rules = [
    rule({ name: 'doors', action: 'allow, session_seconds=60', client: '192.0.2.0/24, !192.0.2.7' }),
    rule({ name: 'off', active: false, time: '* 7-18 * * 1-5 *; !* * 24 12 * *' }),
    rule({ name: 'text', action: `smstext='Your code: "<otp>"', autosms`, user: 'anna#mobile==1' }),
    rule({ name: 'single', action: `smstext="it's"` }),
    rule({ name: 'end', action: `smstext='a, "b"'` }),
  ];
  assert.deepEqual(parsePolicyFile(policyFileText(rules), 'x'), rules);
});

test('an export of LinOTP is read, and what is empty there means all', () => {
  const text = `# exported
[sms_text]
name = sms_text
realm = *
active = True
client = ""
user = '*'   # everybody
time = ""
action = "smstext='Hello, <otp>', autosms"
scope = authentication

[off]
scope = system
active = False
action = write
realm =
user = """admin"""
`;
  assert.deepEqual(parsePolicyFile(text, 'x'), [
    {
      name: 'sms_text',
      scope: 'authentication',
      action: "smstext='Hello, <otp>', autosms",
      user: '*',
      realm: '*',
      client: '*',
      time: '',
      active: true,
    },
    { name: 'off', scope: 'system', action: 'write', user: 'admin', realm: '*', client: '*', time: '', active: false },
  ]);
});

test('faults are named with their line', () => {
  const faults = [
    ['scope = sip', 'x:1'],
    ['[a]\nscope sip', 'x:2'],
    ['[a]\nscope = sip\n[a]', 'x:3'],
    ['[a]\ncolour = red', 'x:2'],
    ['[a]\naction = "allow', 'x:2'],
    ['[a]\naction = "allow" x', 'x:2'],
  ] as const;
  for (const [text, where] of faults)
    assert.throws(() => parsePolicyFile(text, 'x'), { code: 'POLICY_FILE', where }, text);
});
