/** The hypothesis form: its fields as typed, and the request made of them. */
import type { components } from "~/api/schema";

import { fieldErrors, problemOf } from "~/api/problem";

import type { Worth } from "./payoffs";

/** A number field holds text while it is being typed. */
type Typed = number | string;

export interface HypothesisForm {
  name: string;
  unit: string;
  statement: string;
  metric: string | null;
  baseline: Typed;
  target: Typed;
  hasPayoffs: boolean;
  truePositive: Typed;
  falsePositive: Typed;
  trueNegative: Typed;
  falseNegative: Typed;
  threshold: Typed;
  currency: string;
  hasBudget: boolean;
  owner: string;
  days: Typed;
  amount: Typed;
}

export const BLANK: HypothesisForm = {
  name: "", unit: "", statement: "", metric: null, baseline: "", target: "",
  hasPayoffs: true, truePositive: 40, falsePositive: -15, trueNegative: 0, falseNegative: 0, threshold: 0.5, currency: "EUR",
  hasBudget: false, owner: "", days: 10, amount: 5000,
};

export function worthOfForm(values: HypothesisForm): Worth {
  return {
    truePositive: Number(values.truePositive) || 0,
    falsePositive: Number(values.falsePositive) || 0,
    trueNegative: Number(values.trueNegative) || 0,
    falseNegative: Number(values.falseNegative) || 0,
  };
}

/** An empty number field is left out of the request, so that the server names what is missing. */
function typed(value: Typed): number {
  return (value === "" ? undefined : Number(value)) as number;
}

export function requestOf(values: HypothesisForm): components["schemas"]["NewHypothesis"] {
  return {
    name: values.name.trim(),
    statement: values.statement.trim(),
    metric: values.metric ?? "",
    baseline: typed(values.baseline),
    target: typed(values.target),
    unit: values.unit.trim() || "prediction",
    payoffs: values.hasPayoffs
      ? {
          true_positive: String(values.truePositive || 0),
          false_positive: String(values.falsePositive || 0),
          true_negative: String(values.trueNegative || 0),
          false_negative: String(values.falseNegative || 0),
          threshold: typed(values.threshold),
          currency: values.currency,
        }
      : null,
    budget: values.hasBudget
      ? { owner: values.owner.trim(), days: typed(values.days), money: { amount: String(values.amount || 0), currency: values.currency } }
      : null,
  };
}

const FIELDS: Record<string, keyof HypothesisForm> = {
  payoffs: "threshold",
  "payoffs.true_positive": "truePositive",
  "payoffs.false_positive": "falsePositive",
  "payoffs.true_negative": "trueNegative",
  "payoffs.false_negative": "falseNegative",
  "payoffs.threshold": "threshold",
  "payoffs.currency": "currency",
  budget: "days",
  "budget.owner": "owner",
  "budget.days": "days",
  "budget.money": "amount",
  direction: "metric",
};

/** The server's complaints at the fields of this form; empty when they are about none of them. */
export function errorsOf(error: unknown): Record<string, string> {
  const problem = problemOf(error);
  if (problem.status === 409) return { name: problem.detail };
  return Object.fromEntries(
    Object.entries(fieldErrors(error)).flatMap(([field, text]) => {
      const place = FIELDS[field] ?? field;
      return place in BLANK ? [[place, text]] : [];
    }),
  );
}

/** What is missing, before anything is sent. */
export function missing(values: HypothesisForm): Partial<Record<keyof HypothesisForm, string>> {
  const asked: (keyof HypothesisForm)[] = ["name", "statement", "metric", "baseline", "target", ...(values.hasBudget ? (["owner", "days"] as const) : [])];
  return Object.fromEntries(asked.filter((field) => values[field] === "" || values[field] === null).map((field) => [field, "This is needed"]));
}
