/** What an answer may say without any dictionary file: the attributes of RFC 2865, 2868, 2869, 3162 and 6911 that are meant for it. */
import { Dictionary } from './dictionary.ts';

const ATTRIBUTES = `
Service-Type 6 integer Login=1,Framed=2,Callback-Login=3,Callback-Framed=4,Outbound=5,Administrative=6,NAS-Prompt=7
Framed-Protocol 7 integer PPP=1,SLIP=2
Framed-IP-Address 8 ipaddr
Framed-IP-Netmask 9 ipaddr
Framed-Routing 10 integer None=0,Send=1,Listen=2,Send-Listen=3
Filter-Id 11 string
Framed-MTU 12 integer
Framed-Compression 13 integer None=0,VJ-TCP-Header=1,IPX-Header=2,Stac-LZS=3
Login-IP-Host 14 ipaddr
Login-Service 15 integer Telnet=0,Rlogin=1,TCP-Clear=2
Login-TCP-Port 16 integer
Reply-Message 18 string
Callback-Number 19 string
Callback-Id 20 string
Framed-Route 22 string
Idle-Timeout 28 integer
Termination-Action 29 integer Default=0,RADIUS-Request=1
Port-Limit 62 integer
Tunnel-Type 64 integer,tag PPTP=1,L2TP=3,GRE=10,VLAN=13
Tunnel-Medium-Type 65 integer,tag IPv4=1,IPv6=2,IEEE-802=6
Tunnel-Client-Endpoint 66 string,tag
Tunnel-Server-Endpoint 67 string,tag
Tunnel-Private-Group-Id 81 string,tag
Tunnel-Assignment-Id 82 string,tag
Tunnel-Preference 83 integer,tag
Acct-Interim-Interval 85 integer
Framed-Pool 88 string
Framed-Interface-Id 96 ifid
Framed-IPv6-Prefix 97 ipv6prefix
Framed-IPv6-Route 99 string
Framed-IPv6-Pool 100 string
Delegated-IPv6-Prefix 123 ipv6prefix
Framed-IPv6-Address 168 ipv6addr
`;

export function standardDictionary(): Dictionary {
  const dictionary = new Dictionary();
  for (const line of ATTRIBUTES.trim().split('\n')) {
    const [name, type, form, values = ''] = line.split(' ') as [string, string, string, string?];
    const [kind, tag] = form.split(',') as [string, string?];
    const words = new Map(values.split(',').filter(Boolean).map(wordOf));
    const attribute = { name, vendor: 0, type: Number(type), kind, hasTag: tag !== undefined, encrypted: false, words };
    dictionary.add(attribute);
  }
  return dictionary;
}

function wordOf(text: string): [string, number] {
  const at = text.lastIndexOf('=');
  return [text.slice(0, at).toLowerCase(), Number(text.slice(at + 1))];
}
