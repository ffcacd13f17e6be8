import { StorageSettings } from './storage-settings';

/** How a person gave the settings of a storage: as props of a construct, or as options of the command line. */
export type SettingsForm = NonNullable<StorageSettings['givenAs']>;

/** The settings that a remedy may have to name, in the words of each form. */
const NAMES = {
  endpoint: { props: 'endpoint', options: '--endpoint' },
  caCertificate: { props: 'caCertificate', options: '--ca-certificate' },
  pathStyle: { props: 'pathStyle', options: 'a call without --virtual-hosted' },
  allowUnencrypted: { props: 'allowUnencrypted', options: '--allow-unencrypted' },
};

/** The name that a person knows a setting by, for a remedy. */
export function settingName(setting: keyof typeof NAMES, form: SettingsForm = 'props'): string {
  return NAMES[setting][form];
}
