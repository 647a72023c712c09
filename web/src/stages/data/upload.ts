/** Sending a file as a new version: the browser's own upload, since `fetch` tells no progress. */
import { idempotencyKey } from "~/api/client";
import { ApiError, problemFrom } from "~/api/problem";
import type { Schema } from "~/api/types";

const TYPES: Record<string, string> = { csv: "text/csv", parquet: "application/vnd.apache.parquet", pq: "application/vnd.apache.parquet" };

/** The content type of a table's file by its name; undefined when it is neither Parquet nor CSV. */
export function tableType(name: string): string | undefined {
  return TYPES[name.toLowerCase().split(".").at(-1) ?? ""];
}

export interface Upload {
  dataset: string;
  file: File;
  mode: "full" | "append" | "delta";
  note: string;
  /** Columns may be gone or of another type. */
  newBase: boolean;
  onProgress?: (share: number) => void;
}

/** @throws ApiError when the server refuses the table; nothing is stored then. */
export function commitFile({ dataset, file, mode, note, newBase, onProgress }: Upload): Promise<Schema<"Committed">> {
  const query = new URLSearchParams({ mode, ...(note && { note }), ...(newBase && { new_base: "true" }) });
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/v1/datasets/${encodeURIComponent(dataset)}/versions?${query}`);
    request.setRequestHeader("content-type", tableType(file.name) ?? "application/octet-stream");
    request.setRequestHeader("Idempotency-Key", idempotencyKey());
    request.upload.onprogress = (event) => onProgress?.(event.loaded / (event.total || 1));
    request.onerror = () => reject(new TypeError("network"));
    request.onload = () => {
      const body = parsed(request.responseText);
      if (request.status < 300) resolve(body as Schema<"Committed">);
      else reject(new ApiError(problemFrom(body, request.status)));
    };
    request.send(file);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
