/** What our pages say, in the languages that they speak; the browser says which one it wants (RFC 9110 section 12.5.4). */

/** Why somebody is not let in, as pages tell it. */
export const REASONS = [
  'wrong',
  'locked',
  'rule',
  'many',
  'slow',
  'full',
  'busy',
  'again',
  'unknown',
  'voucher',
  'used',
] as const;
export type Reason = (typeof REASONS)[number];

export interface Words {
  readonly language: string;
  readonly welcome: string;
  readonly clickText: string;
  readonly clickButton: string;
  readonly passwordText: string;
  readonly voucherText: string;
  readonly voucher: string;
  readonly user: string;
  readonly password: string;
  readonly logIn: string;
  readonly online: string;
  readonly onlineText: string;
  readonly logOut: string;
  readonly logOutText: string;
  readonly notHere: string;
  readonly back: string;
  readonly code: string;
  readonly call: string;
  readonly callText: string;
  readonly goOn: string;
  readonly reasons: Readonly<Record<Reason, string>>;
}

export const ENGLISH: Words = {
  language: 'en',
  welcome: 'Welcome',
  clickText: 'One click and you are on the Internet.',
  clickButton: 'Connect',
  passwordText: 'Log in to use the Internet.',
  voucherText: 'Type the code of your voucher.',
  voucher: 'Voucher code',
  user: 'User name',
  password: 'Password',
  logIn: 'Log in',
  online: 'You are online',
  onlineText: 'You may close this page.',
  logOut: 'Log out',
  logOutText: 'Do you want to leave the network?',
  notHere: 'There is nothing here',
  back: 'Back to the start',
  code: 'Code',
  call: 'Your telephone rings',
  callText: 'Press 1 there to come in, or 9 if this is not you. Then continue here.',
  goOn: 'Continue',
  reasons: {
    wrong: 'The name or password is wrong.',
    locked: 'This account is locked.',
    rule: 'This account may not be used here or now.',
    many: 'This account is in use on as many devices as it may be.',
    slow: 'Too many wrong tries. Please wait a little.',
    full: 'All places are taken. Please try again later.',
    busy: 'That does not work just now. Please try again.',
    again: 'This page was too old. Please try again.',
    unknown: 'Your device could not be recognised. Please connect again.',
    voucher: 'There is no voucher with this code.',
    used: 'This voucher is used up, or its time is over.',
  },
};

const LANGUAGES: readonly Words[] = [
  ENGLISH,
  {
    language: 'de',
    welcome: 'Willkommen',
    clickText: 'Ein Klick, und Sie sind im Internet.',
    clickButton: 'Verbinden',
    passwordText: 'Melden Sie sich an, um das Internet zu nutzen.',
    voucherText: 'Geben Sie den Code Ihres Gutscheins ein.',
    voucher: 'Gutscheincode',
    user: 'Benutzername',
    password: 'Passwort',
    logIn: 'Anmelden',
    online: 'Sie sind online',
    onlineText: 'Diese Seite kann geschlossen werden.',
    logOut: 'Abmelden',
    logOutText: 'Möchten Sie das Netz verlassen?',
    notHere: 'Hier ist nichts',
    back: 'Zum Anfang',
    code: 'Code',
    call: 'Ihr Telefon klingelt',
    callText:
      'Drücken Sie dort die 1, um hereinzukommen, oder die 9, wenn Sie das nicht sind. Dann geht es hier weiter.',
    goOn: 'Weiter',
    reasons: {
      wrong: 'Name oder Passwort ist falsch.',
      locked: 'Dieses Konto ist gesperrt.',
      rule: 'Dieses Konto gilt hier oder jetzt nicht.',
      many: 'Mit diesem Konto sind schon so viele Geräte online, wie es darf.',
      slow: 'Zu viele falsche Versuche. Bitte warten Sie etwas.',
      full: 'Alle Plätze sind belegt. Bitte versuchen Sie es später.',
      busy: 'Das geht gerade nicht. Bitte versuchen Sie es noch einmal.',
      again: 'Diese Seite war zu alt. Bitte versuchen Sie es noch einmal.',
      unknown: 'Ihr Gerät wurde nicht erkannt. Bitte verbinden Sie sich neu.',
      voucher: 'Es gibt keinen Gutschein mit diesem Code.',
      used: 'Dieser Gutschein ist verbraucht oder abgelaufen.',
    },
  },
  {
    language: 'cs',
    welcome: 'Vítejte',
    clickText: 'Jedno kliknutí a jste na internetu.',
    clickButton: 'Připojit',
    passwordText: 'Pro přístup k internetu se přihlaste.',
    voucherText: 'Zadejte kód ze svého poukazu.',
    voucher: 'Kód poukazu',
    user: 'Uživatelské jméno',
    password: 'Heslo',
    logIn: 'Přihlásit',
    online: 'Jste online',
    onlineText: 'Tuto stránku můžete zavřít.',
    logOut: 'Odhlásit',
    logOutText: 'Chcete opustit síť?',
    notHere: 'Tady nic není',
    back: 'Na začátek',
    code: 'Kód',
    call: 'Zvoní vám telefon',
    callText: 'Stiskněte tam 1 a budete vpuštěni, nebo 9, pokud to nejste vy. Potom pokračujte zde.',
    goOn: 'Pokračovat',
    reasons: {
      wrong: 'Jméno nebo heslo není správné.',
      locked: 'Tento účet je zablokován.',
      rule: 'Tento účet tu nebo teď neplatí.',
      many: 'Tento účet už používá tolik zařízení, kolik smí.',
      slow: 'Příliš mnoho chybných pokusů. Chvíli prosím počkejte.',
      full: 'Všechna místa jsou obsazena. Zkuste to prosím později.',
      busy: 'Teď to nejde. Zkuste to prosím znovu.',
      again: 'Stránka byla příliš stará. Zkuste to prosím znovu.',
      unknown: 'Vaše zařízení nebylo rozpoznáno. Připojte se prosím znovu.',
      voucher: 'Poukaz s tímto kódem neexistuje.',
      used: 'Tento poukaz je vyčerpaný nebo už neplatí.',
    },
  },
  {
    language: 'fr',
    welcome: 'Bienvenue',
    clickText: 'Un clic et vous êtes sur Internet.',
    clickButton: 'Se connecter',
    passwordText: 'Identifiez-vous pour utiliser Internet.',
    voucherText: 'Saisissez le code de votre coupon.',
    voucher: 'Code du coupon',
    user: 'Nom d’utilisateur',
    password: 'Mot de passe',
    logIn: 'Se connecter',
    online: 'Vous êtes en ligne',
    onlineText: 'Vous pouvez fermer cette page.',
    logOut: 'Se déconnecter',
    logOutText: 'Voulez-vous quitter le réseau ?',
    notHere: 'Il n’y a rien ici',
    back: 'Retour au début',
    code: 'Code',
    call: 'Votre téléphone sonne',
    callText: 'Appuyez sur 1 pour entrer, ou sur 9 si ce n’est pas vous. Puis continuez ici.',
    goOn: 'Continuer',
    reasons: {
      wrong: 'Le nom ou le mot de passe est faux.',
      locked: 'Ce compte est bloqué.',
      rule: 'Ce compte n’est pas valable ici ou maintenant.',
      many: 'Ce compte est déjà utilisé sur autant d’appareils que permis.',
      slow: 'Trop d’essais erronés. Veuillez patienter un peu.',
      full: 'Toutes les places sont prises. Réessayez plus tard.',
      busy: 'C’est impossible pour le moment. Veuillez réessayer.',
      again: 'Cette page était trop ancienne. Veuillez réessayer.',
      unknown: 'Votre appareil n’a pas été reconnu. Reconnectez-vous.',
      voucher: 'Il n’y a pas de coupon avec ce code.',
      used: 'Ce coupon est épuisé ou n’est plus valable.',
    },
  },
];

/** The first language of the header that we speak; qualities are not weighed, browsers send the best one first. */
export function wordsFor(acceptLanguage: string | undefined): Words {
  for (const part of (acceptLanguage ?? '').slice(0, 200).split(',')) {
    const tag = part.trim().slice(0, 2).toLowerCase();
    const words = LANGUAGES.find(({ language }) => language === tag);
    if (words) return words;
  }
  return ENGLISH;
}
