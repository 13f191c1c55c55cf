import { Layer } from "effect"
import { Accounting } from "./accounting/Accounting.ts"
import { AccountingRepo } from "./accounting/AccountingRepo.ts"
import * as Drift from "./accounting/Drift.ts"
import { Inbox } from "./inbox/Inbox.ts"
import { InboxPartitions } from "./inbox/InboxPartitions.ts"
import { InboxRepo } from "./inbox/InboxRepo.ts"
import * as PostgresLog from "./inbox/PostgresLog.ts"
import { ShardMap } from "./inbox/ShardMap.ts"
import { StoredWatch } from "./inbox/StoredWatch.ts"
import { LinksLive } from "./links/LinksLive.ts"
import * as KafkaLog from "./log/KafkaLog.ts"
import { LogOffsets } from "./log/LogOffsets.ts"
import * as Deletions from "./purge/Deletions.ts"
import { PurgeRepo } from "./purge/PurgeRepo.ts"
import { Quarantine } from "./quarantine/Quarantine.ts"
import { QuarantineRepo } from "./quarantine/QuarantineRepo.ts"
import { ReceiptRepo } from "./receipts/ReceiptRepo.ts"
import { Receipts } from "./receipts/Receipts.ts"
import { Receiver } from "./receive/Receiver.ts"
import { RuleBook } from "./receive/RuleBook.ts"
import { UsageRepo } from "./receive/UsageRepo.ts"
import { ReconcileRepo } from "./reconcile/ReconcileRepo.ts"
import { Reconciliation } from "./reconcile/Reconciliation.ts"
import { HistoryRepo } from "./removals/HistoryRepo.ts"
import { RemovalsLive } from "./removals/RemovalsLive.ts"
import { ShardRepo } from "./shards/ShardRepo.ts"
import { ViolationRepo } from "./violations/ViolationRepo.ts"
import { HoldRepo } from "./watermark/HoldRepo.ts"
import { Watermark } from "./watermark/Watermark.ts"
import { WatermarkRepo } from "./watermark/WatermarkRepo.ts"

/** The rules of this service over their adapters; needs the log, the stores and the keys. */
const rules = Layer.mergeAll(
  Receiver.layer,
  Accounting.layer,
  Receipts.layer,
  Quarantine.layer,
  Watermark.layer,
  LinksLive,
  RemovalsLive,
  Deletions.layer.pipe(Layer.provide(PurgeRepo.layer)),
  Drift.layer,
  Reconciliation.layer.pipe(
    Layer.provide(Layer.merge(ReconcileRepo.layer, Accounting.layer))
  )
).pipe(Layer.provideMerge(Layer.mergeAll(Inbox.layer, RuleBook.layer, UsageRepo.layer)))

const adapters = Layer.mergeAll(
  AccountingRepo.layer,
  ReceiptRepo.layer,
  QuarantineRepo.layer,
  ViolationRepo.layer,
  WatermarkRepo.layer,
  HoldRepo.layer,
  HistoryRepo.layer,
  ShardRepo.layer,
  LogOffsets.layer,
  InboxPartitions.layer
).pipe(Layer.provideMerge(ShardMap.layer), Layer.provideMerge(InboxRepo.layer))

/** Acknowledged once it is in the inbox. */
export const ingestionLive = rules.pipe(
  Layer.provideMerge(Layer.merge(PostgresLog.layer, StoredWatch.layer)),
  Layer.provideMerge(adapters)
)

/** Acknowledged once it is in a topic: nobody can be told when it will be stored. */
export const ingestionOverKafka = rules.pipe(
  Layer.provideMerge(Layer.merge(KafkaLog.layer, StoredWatch.blind)),
  Layer.provideMerge(adapters)
)
