namespace Inbox;

/// <summary>The handler did not end in time.</summary>
internal sealed class HandlerTimeoutException(TimeSpan timeout, Task? runsOn = null)
    : Exception($"The handler took longer than Inbox__HandlerTimeout ({timeout}){(runsOn is null ? "" : " and ignores its cancellation token")}.")
{
    /// <summary>Ends when the handler does, if it ever does; null where it has.</summary>
    public Task? RunsOn => runsOn;
}
