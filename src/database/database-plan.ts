import { planIsAtLeast } from '../contract/database-settings';
import { given } from '../private/given';
import { Problem } from '../private/invalid-input';
import { matching, required, wholeNumber } from '../private/rules';

/** The size of a plan. */
export interface DatabasePlanProps {
  /** Name of the plan, for people: 1 to 64 letters, digits, spaces, hyphens, underscores and dots. */
  readonly name: string;
  /** Instance class of RDS, such as `db.m7g.large`. */
  readonly instanceClass: string;
  /** Number of virtual processors, at least 1. */
  readonly vcpu: number;
  /** Memory in GiB, above 0. */
  readonly memoryGib: number;
  /** Storage in GiB, a whole number from 20 to 65536, the bounds of RDS's gp3 storage. */
  readonly storageGib: number;
}

/**
 * A named size with an order. The sizes of instance classes are those of
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Summary.html. All ready-made plans run
 * on Graviton: burstable classes (db.t4g), general ones (db.m7g) and ones with more memory (db.r7g).
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
  static readonly XXLARGE = DatabasePlan.ready('xxlarge', 'db.m7g.2xlarge', 8, 32, 400);
  /** 2 vCPU, 8 GiB of memory, 100 GiB of storage, on `db.t4g.large`: burstable. */
  static readonly BURSTABLE_LARGE = DatabasePlan.ready('burstable-large', 'db.t4g.large', 2, 8, 100);
  /** 2 vCPU, 16 GiB of memory, 100 GiB of storage, on `db.r7g.large`. */
  static readonly MEMORY_LARGE = DatabasePlan.ready('memory-large', 'db.r7g.large', 2, 16, 100);
  /** 4 vCPU, 32 GiB of memory, 200 GiB of storage, on `db.r7g.xlarge`. */
  static readonly MEMORY_XLARGE = DatabasePlan.ready('memory-xlarge', 'db.r7g.xlarge', 4, 32, 200);
  /** 8 vCPU, 64 GiB of memory, 400 GiB of storage, on `db.r7g.2xlarge`. */
  static readonly MEMORY_XXLARGE = DatabasePlan.ready('memory-xxlarge', 'db.r7g.2xlarge', 8, 64, 400);

  /** A size of your own. Wrong numbers and classes are refused by the construct that takes the plan. */
  static of(props: DatabasePlanProps): DatabasePlan {
    return new DatabasePlan(given(props));
  }

  private static ready(name: string, instanceClass: string, vcpu: number, memoryGib: number, storageGib: number) {
    return DatabasePlan.of({ name, instanceClass, vcpu, memoryGib, storageGib });
  }

  /** Name of the plan, for people. */
  readonly name: string;
  /** Instance class of RDS, such as `db.m7g.large`. */
  readonly instanceClass: string;
  /** Number of virtual processors. */
  readonly vcpu: number;
  /** Memory in GiB. */
  readonly memoryGib: number;
  /** Storage in GiB. */
  readonly storageGib: number;
  /** @internal */
  readonly _problems: readonly Problem[];

  private constructor(props: DatabasePlanProps) {
    this.name = props.name;
    this.instanceClass = props.instanceClass;
    this.vcpu = props.vcpu;
    this.memoryGib = props.memoryGib;
    this.storageGib = props.storageGib;
    this._problems = planProblems(props);
  }

  /**
   * Whether vCPU, memory and storage of this plan are each at least those of the other, as a restore demands of its
   * target.
   */
  isAtLeast(other: DatabasePlan): boolean {
    return planIsAtLeast(this, other);
  }

  /** The size in words, `large (2 vCPU, 8 GiB memory, 100 GiB storage)`. */
  toString(): string {
    return `${this.name} (${this.vcpu} vCPU, ${this.memoryGib} GiB memory, ${this.storageGib} GiB storage)`;
  }
}

function planProblems(props: DatabasePlanProps): Problem[] {
  const remedy = 'Take the number from the description of the instance class.';
  const problems = [
    required('name of a plan', props.name, 'Give the plan a name.'),
    // It stands in conditions that Terraform reads.
    matching(
      'name of a plan has 1 to 64 letters, digits, spaces, hyphens, underscores and dots.',
      props.name,
      /^[\p{L}\p{N} ._-]{1,64}$/u,
      'Choose such a name, such as "large".',
    ),
    required('instanceClass of a plan', props.instanceClass, 'Name one such as "db.m7g.large".'),
    matching(
      'instanceClass of a plan is an instance class of RDS, which begins with "db.".',
      props.instanceClass,
      /^db\.[a-z0-9]+(?:-[a-z0-9]+)*\.[a-z0-9]+(?:-[a-z0-9]+)*$/,
      'Name one such as "db.m7g.large".',
    ),
    required('vcpu of a plan', props.vcpu, remedy),
    wholeNumber('vcpu of a plan', props.vcpu, { minimum: 1, maximum: 1024 }, remedy),
    required('memoryGib of a plan', props.memoryGib, remedy),
    props.memoryGib > 0 && props.memoryGib <= 32_768
      ? undefined
      : { rule: 'memoryGib of a plan is a number above 0.', value: props.memoryGib, remedy },
    required('storageGib of a plan', props.storageGib, 'Choose 20 or more.'),
    wholeNumber(
      'storageGib of a plan',
      props.storageGib,
      { minimum: 20, maximum: 65_536, unit: 'GiB' },
      "Choose a number in these bounds, which are those of RDS's gp3 storage.",
    ),
  ];
  return problems.filter((problem) => problem !== undefined);
}
