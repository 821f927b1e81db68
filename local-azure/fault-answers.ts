import type { Cloud } from "./cloud";
import type { StrikingFault } from "./faults";
import { type Call, ServiceError } from "./http";
import { OAuthError } from "./oauth/errors";

/** What each service says when it is throttled or broken. `Retry-After` is in whole seconds: some clients read no date. */
export function faultAnswer(cloud: Cloud, call: Call, fault: StrikingFault): ServiceError {
  const headers: Record<string, string> =
    fault.retryAfter === undefined || fault.answer === 500 ? {} : { "Retry-After": String(fault.retryAfter) };
  const answer = (code: string, message: string) =>
    new ServiceError(Number(fault.answer), code, message, headers);
  if (call.api === "oauth")
    return Object.assign(
      new OAuthError(
        Number(fault.answer),
        "temporarily_unavailable",
        fault.answer === 429 ? 90055 : 90033,
        fault.answer === 429
          ? "The tenant is over its limit of requests. Try again later."
          : "A transient error has occurred. Please try again.",
      ),
      { headers },
    );
  if (fault.answer === 429)
    return call.api === "graph"
      ? answer("TooManyRequests", "Too many requests.")
      : answer(
          "SubscriptionRequestsThrottled",
          `Number of requests for subscription '${cloud.world.inventory.subscriptions[0]!.subscriptionId}' and operation '${call.method}' exceeded the backend storage limit. Please try again after '${fault.retryAfter ?? 1}' seconds.`,
        );
  if (fault.answer === 503)
    return call.api === "graph"
      ? answer("serviceNotAvailable", "The service is temporarily unavailable.")
      : answer("ServerTimeout", "The request timed out. Please try again after some time.");
  return call.api === "graph"
    ? answer("Service_InternalServerError", "An internal error has occurred.")
    : answer("InternalServerError", "Encountered internal server error.");
}
