using Messaging;

namespace Inbox;

/// <summary>How often, and after which waits, a failed message is tried again; read from "Inbox:Retry".</summary>
public sealed class RetryOptions
{
    /// <summary>Tries right after the first failure, in the same process. 0 to 10; 1 unless set.</summary>
    public int Immediate { get; init; } = 1;

    /// <summary>The wait before the first delayed try. 100 ms to 1 h; 2 s unless set.</summary>
    public TimeSpan First { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>By how much each wait is longer than the one before. 1 to 10; 2 unless set.</summary>
    public double Factor { get; init; } = 2;

    /// <summary>The longest wait. <see cref="First"/> to 1 d; 5 min, or <see cref="First"/> where that is longer, unless set.</summary>
    public TimeSpan Cap { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How many delayed tries there are before the message becomes a dead letter. 0 to 20; 5 unless set.</summary>
    public int Tries { get; init; } = 5;

    internal static RetryOptions Read(SettingsSection section)
    {
        var defaults = new RetryOptions();
        var first = section.Duration(nameof(First), defaults.First, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1));
        return new RetryOptions
        {
            Immediate = section.Integer(nameof(Immediate), defaults.Immediate, 0, 10),
            First = first,
            Factor = section.Number(nameof(Factor), defaults.Factor, 1, 10),
            Cap = section.Duration(nameof(Cap), first > defaults.Cap ? first : defaults.Cap, first, TimeSpan.FromDays(1)),
            Tries = section.Integer(nameof(Tries), defaults.Tries, 0, 20),
        };
    }
}
