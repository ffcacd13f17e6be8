/**
 * The most memory, and the most temporary storage, that Lambda gives a function, in MiB.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const LAMBDA_MAXIMUM_MIB = 10_240;
