import { SpeedWorld } from './world';
import { Figure } from '../figures';

export interface SpeedOptions {
  /** Size of the database that is backed up and restored. */
  readonly megabytes: number;
  readonly rounds: number;
  /** Decides the values of the data. */
  readonly seed: number;
}

/** What a group of figures is measured with. */
export interface Speed {
  readonly world: SpeedWorld;
  readonly options: SpeedOptions;
  readonly progress: (line: string) => void;
}

/** Figures that are measured together. */
export interface Group {
  readonly figures: readonly string[];
  run(speed: Speed): Promise<Figure[]>;
}
