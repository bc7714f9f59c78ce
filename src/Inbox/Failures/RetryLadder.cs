using Messaging;

namespace Inbox;

/// <summary>The waits between the tries of a message, each a queue of its own whose messages go back when their time is up. The
/// wait is part of the queue's name, so another wait is another queue and never a declaration with other arguments.</summary>
internal sealed class RetryLadder(RetryOptions options)
{
    /// <summary>How often handling fails before the first delayed try.</summary>
    private int InProcess => 1 + options.Immediate;

    /// <summary>The waits in milliseconds, each once.</summary>
    public IEnumerable<long> Waits => Enumerable.Range(0, options.Tries).Select(Wait).Distinct();

    public static string QueueName(string queue, long milliseconds) => $"{queue}.retry.{milliseconds}";

    /// <summary>Whether a message that failed <paramref name="failures"/> times is tried again at once. Only a message that
    /// has not been in a retry queue yet is.</summary>
    public bool IsImmediate(int failures) => failures < InProcess;

    /// <summary>The wait after <paramref name="failures"/> failures; null when there is no try left.</summary>
    public long? WaitAfter(int failures)
    {
        var step = Math.Max(0, failures - InProcess);
        return step < options.Tries ? Wait(step) : null;
    }

    private long Wait(int step) => (long)Backoff.After(step + 1, options.First, options.Cap, options.Factor).TotalMilliseconds;
}
