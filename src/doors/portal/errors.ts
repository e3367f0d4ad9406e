/** What the Wi-Fi door says of its configuration and of the machine that it stands on. */
export const PORTAL_ERRORS = {
  PORTAL_UNREADABLE: 'a configuration of nodogsplash is missing, too large or cannot be read',
  PORTAL_SYNTAX: 'a line of a configuration of nodogsplash is not of its form',
  PORTAL_OPTION: 'there is no such option in a configuration of nodogsplash',
  PORTAL_VALUE: 'the value of an option is not one of those allowed',
  PORTAL_RULE: 'a firewall rule is not of its form',
  PORTAL_MISSING: 'an option that must be given is missing',
  PORTAL_IGNORED: 'an option without effect here',
  PORTAL_RULES_OPEN: 'rules that let in more, or less, than was probably meant',
  PORTAL_PROGRAM: 'a program that is to be run is missing or cannot be executed',
  PORTAL_PAGES: 'the pages of web_root are missing, or cannot be read by the user of the server',
  PORTAL_FAS: 'a login page on another server (FAS) that lacks its key or a file, or that clients can go past',
  PORTAL_FAS_LIST: 'a login page on another server (FAS) does not tell whom it lets in',
  PORTAL_INTERFACE: 'the network interface is missing, or does not have the address',
  PORTAL_BODY: 'a form that was posted is too large',
  PORTAL_RIGHTS: 'the firewall cannot be changed: no rights, no nft, or no support in the kernel',
  PORTAL_RIVAL: 'the rules of another captive portal stand in the firewall',
  PORTAL_SOCKET: 'the socket for ndsctl cannot be opened',
  PORTAL_FIREWALL: 'nftables refused a change of the firewall',
} as const;

export type PortalErrorCode = keyof typeof PORTAL_ERRORS;
