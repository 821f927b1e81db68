import type { Application } from "@pulumi/azuread/application";
import { ApplicationPassword } from "@pulumi/azuread/applicationPassword";
import * as pulumi from "@pulumi/pulumi";
import { RandomUuid } from "@pulumi/random/randomUuid";
import { clock } from "../clock";
import type { PrincipalDetails, SecretInfo } from "../details";
import { readRecordedState } from "../look-ups/state";
import { fingerprintOf } from "../plan/fingerprint";
import { secretDisplayName } from "../plan/ownership";
import { dayOf, planSecrets, type PlannedSecret, type SecretPlan } from "../plan/secret-schedule";
import type { Context } from "./context";
import { REPLACEABLE } from "./revocation-guard";

/** As many as two rotations replace: whoever still has an older one has ignored both. */
const MOST_FORMER_SECRETS = 4;

/** The secrets that exist, the current one first. */
interface DeclaredSecrets {
  since: string;
  plan: SecretPlan;
  secrets: { planned: PlannedSecret; resource: ApplicationPassword }[];
}

/** What the secrets of a principal give to the rest of the component. */
export interface Secrets {
  resources: pulumi.Output<readonly ApplicationPassword[]>;
  /** The current secret's text. */
  value: pulumi.Output<string>;
  /** The plan of the current secret. */
  current: pulumi.Output<PlannedSecret>;
  details: {
    secretsSince: pulumi.Output<string>;
    secrets: pulumi.Output<SecretInfo[]>;
    formerSecrets: pulumi.Output<PrincipalDetails["formerSecrets"]>;
    nextRenewal: pulumi.Output<string>;
  };
}

/**
 * The secrets of the current period and, if it was handed out, of the one before; and the records by which both are
 * known: the calendar keeps the day of its creation, and a mark the period in which it was made.
 *
 * Never `deletedWith`: a deleted application can be restored for 30 days, and must not come back with a secret.
 */
export function createSecrets(context: Context, application: Application): Secrets | undefined {
  if (!context.plan.schedule) return undefined;
  const declared = declareSecrets(context, context.plan.schedule, application);
  return {
    resources: declared.apply(({ secrets }) =>
      secrets.map(({ resource }) => resource),
    ) as unknown as pulumi.Output<readonly ApplicationPassword[]>,
    value: pulumi.secret(findValue(declared)),
    current: declared.apply(({ secrets }) => secrets[0]!.planned),
    details: describeSecrets(context, declared),
  };
}

function declareSecrets(
  context: Context,
  schedule: NonNullable<Context["plan"]["schedule"]>,
  application: Application,
): pulumi.Output<DeclaredSecrets> {
  const { component, name, target, instanceId } = context;
  const now = clock.now();
  const opts = { ...REPLACEABLE, parent: component };
  const calendarName = `${schedule.renewSecretsEveryDays}-${schedule.secretGeneration}`;
  // The state keeps the keepers of the day of creation, and gives them back in every preview.
  const remember = (
    childName: string,
    keepers: Record<string, string>,
    dependsOn: pulumi.CustomResourceOptions["dependsOn"] = [],
  ) =>
    new RandomUuid(childName, { keepers }, { ...opts, ignoreChanges: ["keepers"], dependsOn }).keepers.apply(
      (kept) => kept ?? {},
    );
  const declare = (planned: PlannedSecret) => ({
    planned,
    resource: new ApplicationPassword(
      `${name}-secret-${planned.slot}`,
      {
        applicationId: application.id,
        displayName: instanceId.apply((id) => secretDisplayName(id, planned.slot)),
        endDate: planned.endDate,
        rotateWhenChanged: planned.rotateWhenChanged,
      },
      opts,
    ),
  });
  const calendar = remember(`${name}-calendar-${calendarName}`, { since: dayOf(now) }, target.verified);
  return calendar.apply(({ since }) => {
    const plan = planSecrets(schedule, since!, now);
    const { period, current, previous } = plan;
    const mark = (n: number) => remember(`${name}-period-${calendarName}-${n}`, { period: String(period) });
    const handedOut = declare(current);
    // Made when the secret is there. Not by `dependsOn`: in the next period the mark comes first, and with `--target`
    // the engine takes what a record depends on from the state, and then refuses to see it in the program as well.
    handedOut.resource.urn.apply(() => mark(period));
    const declared = { since: since!, plan, secrets: [handedOut] };
    if (!previous) return pulumi.output(undefined).apply(() => declared);
    return mark(period - 1).apply(({ period: made }) =>
      made === String(period - 1) ? { ...declared, secrets: [handedOut, declare(previous)] } : declared,
    );
  });
}

function describeSecrets(context: Context, declared: pulumi.Output<DeclaredSecrets>): Secrets["details"] {
  const found = findSecrets(declared);
  const secrets = found.apply((all) =>
    pulumi.all(
      all.map(({ planned: { slot, startDate: starts, endDate: ends }, keyId, resource }, i) => {
        const info = { slot, keyId, starts, ends, current: i === 0 };
        // The mark is no secret. An imported secret has no text.
        return pulumi
          .unsecret(resource.value)
          .apply((text) => (text ? { ...info, fingerprint: fingerprintOf(text, keyId) } : info));
      }),
    ),
  );
  const nextRenewal = declared.apply(({ plan }) =>
    found.apply(([current]) => {
      const isRenewed = current?.planned.startDate === plan.current.startDate;
      return (isRenewed ? plan.nextRenewal : new Date(plan.current.startDate)).toISOString();
    }),
  );
  return {
    secretsSince: declared.apply(({ since }) => since),
    secrets,
    formerSecrets: findFormerSecrets(context, secrets),
    nextRenewal,
  };
}

/** By which a password can be recognised that an earlier run handed out. */
function findFormerSecrets(
  { component, instanceId }: Context,
  secrets: pulumi.Output<SecretInfo[]>,
): Secrets["details"]["formerSecrets"] {
  return pulumi.all([readRecordedState(component, instanceId), secrets]).apply(([recorded, present]) => {
    const { secrets: last = [], formerSecrets = [] } = recorded?.details ?? {};
    const former = [...last, ...formerSecrets].flatMap(({ keyId, fingerprint }) =>
      fingerprint === undefined || present.some((secret) => secret.keyId === keyId)
        ? []
        : [{ keyId, fingerprint }],
    );
    return former.length === 0 ? undefined : former.slice(0, MOST_FORMER_SECRETS);
  });
}

function findValue(declared: pulumi.Output<DeclaredSecrets>): pulumi.Output<string> {
  // None where `--target` left out every secret.
  const NONE = undefined as unknown as pulumi.Output<string>;
  return findSecrets(declared).apply(([current]) => current?.resource.value ?? NONE);
}

/** The secrets that exist, the current one first: with `--target` the engine may leave out the one that is due. */
function findSecrets(declared: pulumi.Output<DeclaredSecrets>) {
  return declared.apply(({ secrets }) =>
    pulumi
      .all(secrets.map(({ resource }) => resource.keyId as pulumi.Output<string | undefined>))
      .apply((keyIds) =>
        secrets.flatMap(({ planned, resource }, i) => {
          const keyId = keyIds[i];
          return keyId === undefined ? [] : [{ planned, keyId, resource }];
        }),
      ),
  );
}
