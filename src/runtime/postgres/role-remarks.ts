import { escapeIdentifier } from 'pg';
import { Role } from '../../contract/manifest';
import { Remark } from '../../contract/remark';

/** Role attributes that only a superuser can give. The master of RDS is none. */
export const SUPERUSER_ATTRIBUTES = ['SUPERUSER', 'REPLICATION', 'BYPASSRLS'];

/** The attributes and settings of a role that only a superuser can give. */
export function roleRemarks(role: Role, superuserSettings: ReadonlySet<string>): Remark[] {
  const attributes = role.attributes.filter((attribute) => SUPERUSER_ATTRIBUTES.includes(attribute));
  return [
    ...attributes.map((attribute) => attributeRemark(role.name, attribute)),
    ...role.settings
      .filter(({ setting }) => superuserSettings.has(setting.slice(0, setting.indexOf('=')).toLowerCase()))
      .map(({ database, setting }) => settingRemark(role.name, setting, database)),
  ];
}

export function attributeRemark(role: string, attribute: string): Remark {
  return {
    type: 'role',
    name: role,
    reason: `only a superuser can give it the attribute ${attribute}`,
    statement: `ALTER ROLE ${escapeIdentifier(role)} ${attribute};`,
  };
}

/** @param why @default - the setting needs a superuser */
export function settingRemark(role: string, setting: string, database?: string, why?: string): Remark {
  const name = setting.slice(0, setting.indexOf('='));
  const where = database === undefined ? '' : ` in database ${database}`;
  return {
    type: 'role',
    name: role,
    reason: `its setting ${setting}${where} ${why ?? 'can only be made by a superuser'}: set ${name} in the parameter group`,
  };
}
