/** A telephone's digest is checked by FreeRADIUS: packed as OpenSER did, which its module rlm_digest takes, and after a reload as RFC 5090. */
// peers: freeradius sipsak
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { endWith, folderFor } from './children.ts';
import type { Cleanup } from './cleanup.ts';
import { listening, startFreeRadius } from './freeradius.ts';
import { makeSite } from './gatehouse.ts';
import { freePort } from './ports.ts';

/** What FreeRADIUS before 3.2.5 has to be told, so that its answers are signed. */
const SIGNED = `{
  update reply {
   &Message-Authenticator := 0x00
  }
  Post-Auth-Type REJECT {
   update reply {
    &Message-Authenticator := 0x00
   }
  }
 }`;
const SECRET = 'a-secret-of-the-tests';
const DICTIONARY = '/usr/share/freeradius/dictionary.openser';
/** Names of our own: FreeRADIUS gives those of RFC 5090 to the draft's. */
const OWN = {
  Response: 103,
  Realm: 104,
  Nonce: 105,
  Method: 108,
  URI: 109,
  Qop: 110,
  CNonce: 113,
  Nc: 114,
  User: 115,
  Avp: 225,
};

const script = (parameters: string) => `
loadmodule "sl.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
loadmodule "auth_radius.so"
loadmodule "xlog.so"
modparam("usrloc", "db_mode", 0)
modparam("auth_radius", "radius_config", "radiusclient-ng/radiusclient.conf")
${parameters}
route {
    if (method!="REGISTER") {
        sl_send_reply("404", "Not Found");
        exit;
    }
    if (!radius_www_authorize("")) {
        www_challenge("", "1");
        exit;
    }
    xlog("L_NOTICE", "may say that he is $avp(s:rpid), tier $avp(s:tier)\\n");
    save("location");
}
`;

/** Takes 1000 of the realm 127.0.0.1, whose password is `secret`. */
async function startDigestServer(t: Cleanup, port: number): Promise<void> {
  await startFreeRadius(t, {
    name: 'freeradius-digest',
    secret: SECRET,
    sections(folder) {
      const own = Object.entries(OWN).map(([name, number]) => `ATTRIBUTE Own-${name} ${number} string`);
      writeFileSync(join(folder, 'dictionary'), `${own.join('\n')}\n`);
      const gives = 'Own-Avp := "rpid:sip:+12025550100@127.0.0.1", Own-Avp += "tier#7"';
      writeFileSync(join(folder, 'users'), `1000@127.0.0.1 Cleartext-Password := "secret"\n\t${gives}\n`);
      return `instantiate {
 expr
}
modules {
 digest {
 }
 expr {
 }
 files {
  usersfile = ${folder}/users
 }
}
server default {
${listening('auth', port)} authorize {
  files
  if (&Own-Response) {
   update request {
    &Tmp-String-0 := "%{md5:%{Own-User}:%{Own-Realm}:%{control:Cleartext-Password}}"
    &Tmp-String-1 := "%{md5:%{Own-Method}:%{Own-URI}}"
   }
   update request {
    &Tmp-String-2 := "%{md5:%{Tmp-String-0}:%{Own-Nonce}:%{Own-Nc}:%{Own-CNonce}:%{Own-Qop}:%{Tmp-String-1}}"
   }
   if (&Tmp-String-2 == &Own-Response) {
    update control {
     &Auth-Type := Accept
    }
    update reply {
     &Own-Avp := "rpid:sip:5090@127.0.0.1"
    }
   }
  }
  else {
   digest
  }
 }
 authenticate {
  digest
 }
 post-auth ${SIGNED}
}
`;
    },
  });
}

test('REGISTER with the right password, and with a wrong one', async (t) => {
  const port = await freePort();
  const radius = startDigestServer(t, port);
  const folder = folderFor(t, 'auth-radius');
  const conf = join(folder, 'radiusclient-ng');
  mkdirSync(conf);
  const lines = [`authserver 127.0.0.1:${port}`, 'servers servers'];
  lines.push(`dictionary ${DICTIONARY}`, 'radius_timeout 6', 'radius_retries 4');
  writeFileSync(join(conf, 'radiusclient.conf'), lines.join('\n'));
  writeFileSync(join(conf, 'servers'), `127.0.0.1 ${SECRET}\n`);
  const file = join(folder, 'ser.cfg');
  writeFileSync(file, script(''));
  const site = await makeSite(t, { script: file });
  await radius;
  const server = await site.start();

  const register = async (password: string) => {
    const uri = ['-C', 'sip:1000@127.0.0.1:5999', '-s', 'sip:1000@127.0.0.1', '-x', '60', '-v'];
    const child = spawn('sipsak', ['-p', site.sip, '-U', '-i', ...uri, '-u', '1000', '-a', password]);
    endWith(t, child);
    const [said, [status]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    return { status, said };
  };
  const forms = [
    ['', 'sip:+12025550100@127.0.0.1, tier 7'],
    ['modparam("auth_radius", "digest_attributes", "rfc5090")', 'sip:5090@127.0.0.1'],
  ] as const;
  for (const [parameters, given] of forms) {
    if (parameters !== '') {
      writeFileSync(file, script(parameters));
      const reloaded = await site.runAside('reload');
      assert.equal(reloaded.status, 0, reloaded.stderr);
    }
    const refused = await register('not the password');
    assert.equal(refused.status, 2, refused.said + server.output());
    const stored = await register('secret');
    assert.equal(stored.status, 0, stored.said + server.output());
    assert.ok(server.output().includes(`he is ${given}`), server.output());
  }
  assert.doesNotMatch(server.output(), new RegExp(SECRET));
  // He is known here under the name that the server knows him by.
  const kicked = await site.runAside('kick', '1000@127.0.0.1');
  assert.equal(kicked.status, 0, kicked.stderr);
  // Locked is locked, also where another server says that his password is right.
  assert.equal(site.import(['1000,another secret,a@b.example']).status, 0);
  assert.equal((await site.runAside('lock', '1000')).status, 0);
  const locked = await register('secret');
  assert.notEqual(locked.status, 0, locked.said + server.output());
  const trail = await site.runAside('audit', 'list', '--event', 'refused', '--limit', '1');
  assert.match(trail.stdout, /1000@127\.0\.0\.1.*locked/);
  assert.equal((await site.runAside('unlock', '1000')).status, 0);
  assert.equal((await register('secret')).status, 0);
});
