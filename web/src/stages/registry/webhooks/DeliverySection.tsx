/** One delivery, try by try. */
import { Button, CloseButton, Code, Stack, Text } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";

import { api } from "~/api/client";
import { useSend } from "~/api/queries";
import type { Schema } from "~/api/types";
import { dateTime, duration } from "~/ui/format";
import { ErrorNotice } from "~/ui/notices";
import { Facts, Section } from "~/ui/Page";
import { IdLink, StateBadge } from "~/ui/small";

import classes from "../registry.module.css";
import { Delivered } from "./deliveries";

export function DeliverySection({ delivery, onClose }: { delivery: Schema<"Delivery">; onClose: () => void }) {
  const again = useSend((job: string) => api.POST("/api/v1/jobs/{job_id}/retry", { params: { path: { job_id: job } } }));
  const { job } = delivery;
  return (
    <Section
      title={`${delivery.event}${delivery.test ? ", an example" : delivery.about ? ` of ${delivery.about}` : ""}`}
      actions={
        <>
          {job && delivery.state === "failed" && (
            <Button size="xs" variant="light" leftSection={<IconRefresh size={14} aria-hidden />} loading={again.isPending} onClick={() => again.mutate(job)}>
              Tell it again
            </Button>
          )}
          <CloseButton aria-label="Close" onClick={onClose} />
        </>
      }
    >
      <Stack>
        {again.isError && <ErrorNotice error={again.error} />}
        <Facts
          facts={[
            ["state", <Delivered key="state" delivery={delivery} />],
            ["id", <Code key="id">{delivery.id}</Code>],
            ["job", job ? <IdLink key="job" id={job} /> : null],
          ]}
        />
        <table className={classes.signature} aria-label="Tries">
          <thead>
            <tr>
              {["Try", "At", "Answer", "Took", "What it said"].map((title) => (
                <th key={title} scope="col">{title}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {delivery.tries.map((one, place) => (
              <tr key={place}>
                <th scope="row">{place + 1}</th>
                <td>{one.at ? dateTime(one.at) : ""}</td>
                <td>{one.status === null ? <StateBadge state="failed" label="no answer" /> : <StateBadge state={one.status < 300 ? "done" : "failed"} label={String(one.status)} />}</td>
                <td>{duration(one.seconds)}</td>
                <td>
                  <Text span size="sm" style={{ overflowWrap: "anywhere" }}>{one.error ?? one.body}</Text>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Stack>
    </Section>
  );
}
