/** All classes of SMS providers. A new one is a folder and an entry here; it is loaded when the first provider of it is opened. */
import type { SmsClass } from '../core/sms/types.ts';
import type { Programs } from '../platform/helper/types.ts';

export const smsClasses = (programs: Programs): readonly SmsClass[] => [
  {
    name: 'HttpSMSProvider',
    about: 'a gateway on the web that takes the fields of a GET or POST',
    open: async (config) => (await import('./http/provider.ts')).openHttpProvider(config),
  },
  {
    name: 'RestSMSProvider',
    about: 'a gateway on the web that takes JSON',
    open: async (config) => (await import('./rest/provider.ts')).openRestProvider(config),
  },
  {
    name: 'SmtpSMSProvider',
    about: 'a gateway that takes mail',
    open: async (config) => (await import('./smtp/provider.ts')).openSmtpProvider(config),
  },
  {
    name: 'SMPPSMSProvider',
    about: 'a message centre that speaks SMPP 3.4',
    open: async (config) => (await import('./smpp/provider.ts')).openSmppProvider(config),
  },
  {
    name: 'DeviceSMSProvider',
    about: 'a telephone at this machine, by gnokii',
    open: async (config) => (await import('./device/provider.ts')).openDeviceProvider(config, programs),
  },
  {
    name: 'FileSMSProvider',
    about: 'a file that holds the last message, for tests',
    open: async (config) => (await import('./file/provider.ts')).openFileProvider(config),
  },
];
