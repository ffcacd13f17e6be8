import { planIsAtLeast } from '../contract/database-settings';
import { InvalidInput } from '../private/invalid-input';

/** What a plan promises. */
export interface DatabasePlanProps {
  /** Name of the plan, for people. */
  readonly name: string;
  /** Instance class of RDS, such as `db.m7g.large`. */
  readonly instanceClass: string;
  /** Number of virtual processors. */
  readonly vcpu: number;
  /** Memory in GiB. */
  readonly memoryGib: number;
  /** Storage in GiB, at least 20. */
  readonly storageGib: number;
}

/**
 * A named size with an order. The sizes of instance classes are those of
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Summary.html.
 */
export class DatabasePlan {
  /** 2 vCPU, 1 GiB of memory, 20 GiB of storage, on `db.t4g.micro`. */
  static readonly MICRO = DatabasePlan.ready('micro', 'db.t4g.micro', 2, 1, 20);
  /** 2 vCPU, 2 GiB of memory, 20 GiB of storage, on `db.t4g.small`. */
  static readonly SMALL = DatabasePlan.ready('small', 'db.t4g.small', 2, 2, 20);
  /** 2 vCPU, 4 GiB of memory, 50 GiB of storage, on `db.t4g.medium`. */
  static readonly MEDIUM = DatabasePlan.ready('medium', 'db.t4g.medium', 2, 4, 50);
  /** 2 vCPU, 8 GiB of memory, 100 GiB of storage, on `db.m7g.large`. */
  static readonly LARGE = DatabasePlan.ready('large', 'db.m7g.large', 2, 8, 100);
  /** 4 vCPU, 16 GiB of memory, 200 GiB of storage, on `db.m7g.xlarge`. */
  static readonly XLARGE = DatabasePlan.ready('xlarge', 'db.m7g.xlarge', 4, 16, 200);
  /** 8 vCPU, 32 GiB of memory, 400 GiB of storage, on `db.m7g.2xlarge`. */
  static readonly XXLARGE = DatabasePlan.ready('2xlarge', 'db.m7g.2xlarge', 8, 32, 400);

  /**
   * A size of one's own.
   *
   * @throws where a number is not positive, the storage is below what RDS takes, or the class is none of RDS
   */
  static of(props: DatabasePlanProps): DatabasePlan {
    if (!props.instanceClass.startsWith('db.')) {
      throw InvalidInput.of(
        'An instance class of RDS begins with "db.".',
        props.instanceClass,
        'Name one such as "db.m7g.large".',
      );
    }
    for (const [what, number] of [
      ['vcpu', props.vcpu],
      ['memoryGib', props.memoryGib],
    ] as const) {
      if (!(number > 0)) {
        throw InvalidInput.of(`A plan's ${what} is a positive number.`, number, 'Take it from the instance class.');
      }
    }
    if (!Number.isInteger(props.storageGib) || props.storageGib < 20 || props.storageGib > 65_536) {
      throw InvalidInput.of(
        "A plan's storageGib is a whole number of GiB from 20 to 65536, the bounds of RDS's gp3 storage.",
        props.storageGib,
        'Choose a number in these bounds.',
      );
    }
    return new DatabasePlan(props);
  }

  private static ready(name: string, instanceClass: string, vcpu: number, memoryGib: number, storageGib: number) {
    return DatabasePlan.of({ name, instanceClass, vcpu, memoryGib, storageGib });
  }

  readonly name: string;
  readonly instanceClass: string;
  readonly vcpu: number;
  /** Memory in GiB. */
  readonly memoryGib: number;
  /** Storage in GiB. */
  readonly storageGib: number;

  private constructor(props: DatabasePlanProps) {
    this.name = props.name;
    this.instanceClass = props.instanceClass;
    this.vcpu = props.vcpu;
    this.memoryGib = props.memoryGib;
    this.storageGib = props.storageGib;
  }

  /** Whether this plan's vCPU, memory and storage are each at least the other's: what a restore asks of its target. */
  isAtLeast(other: DatabasePlan): boolean {
    return planIsAtLeast(this, other);
  }

  /** The size in words, `large (2 vCPU, 8 GiB memory, 100 GiB storage)`. */
  toString(): string {
    return `${this.name} (${this.vcpu} vCPU, ${this.memoryGib} GiB memory, ${this.storageGib} GiB storage)`;
  }
}
