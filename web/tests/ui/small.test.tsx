import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test, vi } from "vitest";

import { bytes, duration, money, number, percent, plainType, timeAgo } from "~/ui/format";
import { cutAtIds, kindOf, pageOf, shortId } from "~/ui/links";
import { Confirm } from "~/ui/notices";
import { IdLink, Money, StateBadge } from "~/ui/small";

import { show } from "../render";

const ULID = "01jd3r5v7x9z0a1b2c3d4e5f6g";

test.each([
  [`hyp_${ULID}`, "hypothesis", `/business/hyp_${ULID}`],
  [`ver_${ULID}`, "data version", `/data/versions/ver_${ULID}`],
  [`mv_${ULID}`, "model version", `/registry/versions/mv_${ULID}`],
  ["0123456789abcdef".repeat(2), "run", `/training/runs/${"0123456789abcdef".repeat(2)}`],
  ["champion", undefined, undefined],
  ["zzz_nothing", undefined, undefined],
])("the id %s is a %s", (id, kind, page) => {
  expect(kindOf(id)).toBe(kind);
  expect(pageOf(id)).toBe(page);
});

test("an id leads to its page; what is none stays text", () => {
  show(
    <>
      <IdLink id={`rel_${ULID}`} />
      <IdLink id="champion" />
    </>,
  );
  expect(screen.getByRole("link", { name: "rel_…4e5f6g" }).getAttribute("href")).toBe(`/releases/rel_${ULID}`);
  expect(screen.getByText("champion").closest("a")).toBeNull();
  expect(shortId("a".repeat(32))).toBe("aaaaaaaa");
});

describe("numbers say as much as they know", () => {
  test.each([
    [12_345, "12,345"],
    [0.123456, "0.1235"],
    [1e-7, "1.00e-7"],
    [Number.NaN, "NaN"],
  ])("%d is %s", (value, text) => expect(number(value)).toBe(text));

  test("shares, sizes, times, money", () => {
    expect(percent(0.1234)).toBe("12.3 %");
    expect(bytes(1536)).toBe("1.5 KiB");
    expect(duration(200)).toBe("3 min 20 s");
    expect(money("-12.5", "EUR")).toBe("−€12.50");
    expect(money("18340.00", "EUR")).toBe("€18,340");
  });

  test("time past and to come", () => {
    const now = new Date("2013-07-01T12:00:00Z");
    expect(timeAgo(new Date("2013-07-01T11:57:00Z"), now)).toBe("3 minutes ago");
    expect(timeAgo(new Date("2013-07-01T14:00:00Z"), now)).toBe("in 2 hours");
    expect(timeAgo(now, now)).toBe("just now");
    expect(timeAgo(new Date("2012-05-20T12:00:00Z"), now)).toContain("2012"); // "last year" would be every run of it
  });

  test("event types in plain words", () => {
    expect(plainType("data.version_committed")).toBe("version committed");
    expect(plainType("releases.decided")).toBe("release decided");
  });
});

test("a gain carries its plus", () => {
  show(<Money amount="1204" signed />);
  expect(screen.getByText("+€1,204")).toBeTruthy();
});

test("a state is a word, not only a colour", () => {
  show(<StateBadge state="roll_back" />);
  expect(screen.getByText("roll back")).toBeTruthy();
});

test("a question is asked before anything happens", async () => {
  const promote = vi.fn();
  show(
    <Confirm label="Promote" title="Promote version 4?" onConfirm={promote}>
      All traffic goes to version 4.
    </Confirm>,
  );
  await userEvent.click(screen.getByRole("button", { name: "Promote" }));
  expect(await screen.findByText("All traffic goes to version 4.")).toBeTruthy();
  expect(promote).not.toHaveBeenCalled();
  await userEvent.click(screen.getAllByRole("button", { name: "Promote" }).at(-1)!);
  expect(promote).toHaveBeenCalledOnce();
});

test("the id of a prediction is a digest, and leads to its page all the same", () => {
  expect(pageOf("prd_a0f9m87cumuv5m1npadunrofaj")).toBe("/serving/predictions/prd_a0f9m87cumuv5m1npadunrofaj");
});

test("a sentence is cut where ids stand in it", () => {
  expect(cutAtIds(`promoted by rel_${ULID}, as asked`)).toEqual(["promoted by ", `rel_${ULID}`, ", as asked"]);
  expect(cutAtIds(`rel_${ULID}`)).toEqual([`rel_${ULID}`]);
  expect(cutAtIds("no id")).toEqual(["no id"]);
});
