/** Commands of SER's serctl and OpenSER's openserctl that are not there: why, and what does the same. */
export const ABSENT: Readonly<Record<string, string>> = {
  mail: '`serctl show <user>` tells the address; write with your own mail program',
  start: 'run `gatehouse up`, or have the service manager start it',
  restart:
    'a changed script needs only `gatehouse reload`; else `serctl stop`, then `gatehouse up` or the service manager',
  speeddial:
    'there is no module speeddial; keep the short numbers as AVPs (`serctl avp add`) and read them with avp_db_load()',
  db: 'use your database client; `gatehouse check` says which database it is',
  lcr: 'there is no least cost routing; write the gateways in the script',
  cr: 'there is no carrierroute; write the gateways in the script',
  carrierroute: 'there is no carrierroute; write the gateways in the script',
  dispatcher: 'there is no dispatcher; write the destinations in the script',
  dialplan: 'there is no module dialplan; write prefix() and strip() in the script',
  pa: 'there is no presence agent; have the script send PUBLISH and SUBSCRIBE to one (rewritehostport, t_relay)',
  tls: 'set sip.tls in gatehouse.yaml to certificates that you have',
  unixsock: 'use `serctl fifo COMMAND`, which goes over the control socket',
};
