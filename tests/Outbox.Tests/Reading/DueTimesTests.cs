using Microsoft.Extensions.Time.Testing;
using Outbox.Relay;

namespace Outbox.Tests.Reading;

public sealed class DueTimesTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(1);

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));

    [Fact]
    public void Rows_that_are_deferred_within_a_tenth_of_a_second_come_back_in_one_read()
    {
        var times = new DueTimes(_clock);
        for (var i = 0; i < 100; i++)
        {
            times.Add(TimeSpan.FromMilliseconds(1_000 + i));
        }

        Assert.Equal(TimeSpan.FromMilliseconds(1_100), times.Next(Bound));
        _clock.Advance(TimeSpan.FromMilliseconds(1_100));
        Assert.InRange(times.Next(Bound), TimeSpan.Zero, TimeSpan.FromMilliseconds(100));
        Assert.Equal(Bound, times.Next(Bound));
    }

    [Fact]
    public void One_that_has_come_while_nobody_asked_is_told_all_the_same()
    {
        var times = new DueTimes(_clock);
        times.Add(TimeSpan.FromSeconds(1));
        _clock.Advance(TimeSpan.FromSeconds(30));
        times.Add(TimeSpan.FromMinutes(2));

        Assert.InRange(times.Next(Bound), TimeSpan.Zero, TimeSpan.FromMilliseconds(100));
    }
}
