/** What answers are worth: the arithmetic behind the form and the hypothesis' page. */

/** Money by what was said and what came true. */
export interface Worth {
  truePositive: number;
  falsePositive: number;
  trueNegative: number;
  falseNegative: number;
}

export function worthOf(payoffs: { true_positive: string; false_positive: string; true_negative: string; false_negative: string }): Worth {
  return {
    truePositive: Number(payoffs.true_positive),
    falsePositive: Number(payoffs.false_positive),
    trueNegative: Number(payoffs.true_negative),
    falseNegative: Number(payoffs.false_negative),
  };
}

/**
 * The probability above which saying yes earns more than saying no; null when one answer is always the better.
 * A yes earns p·TP + (1−p)·FP, a no p·FN + (1−p)·TN.
 */
export function breakEven({ truePositive, falsePositive, trueNegative, falseNegative }: Worth): number | null {
  const gain = truePositive - falseNegative; // of a yes, when it comes true
  const loss = trueNegative - falsePositive; // of a yes, when it does not
  const at = loss / (gain + loss);
  return gain > 0 && loss > 0 && Number.isFinite(at) ? at : null;
}

/** What one yes earns more than one no would, by whether it comes true. */
export function gainOfYes(worth: Worth): { right: number; wrong: number } {
  return { right: worth.truePositive - worth.falseNegative, wrong: worth.falsePositive - worth.trueNegative };
}

/** How far `value` is on the way from baseline to target, 0 to 1 within it; whichever direction is better. */
export function progress(value: number, baseline: number, target: number): number {
  return (value - baseline) / (target - baseline || 1);
}
