namespace Inbox;

/// <summary>The handler did not end in time.</summary>
internal sealed class HandlerTimeoutException(TimeSpan timeout, bool isRunningStill)
    : Exception($"The handler took longer than Inbox__HandlerTimeout ({timeout}){(isRunningStill ? " and ignores its cancellation token" : "")}.");
