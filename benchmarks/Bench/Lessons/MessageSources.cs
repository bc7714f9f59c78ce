using System.Collections.Concurrent;

namespace Bench.Lessons;

/// <summary>So many messages, for a rate.</summary>
internal sealed class Numbered(int messages) : IMessageSource
{
    private int _next;

    public int? Next() => _next < messages ? _next++ : null;

    public void Safe(int message)
    {
    }
}

/// <summary>Messages without end, until the publisher fails.</summary>
internal sealed class Endless : IMessageSource
{
    private int _next;

    /// <summary>What the publisher took for safe.</summary>
    public ConcurrentBag<string> TakenForSafe { get; } = [];

    public int? Next() => _next++;

    public void Safe(int message) => TakenForSafe.Add($"{message}");
}
