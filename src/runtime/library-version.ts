import { version } from '../../package.json';

/** Version of the library that this program is part of; the bundler writes it into the program. */
export const libraryVersion: string = version;
