using Messaging;
using Microsoft.Extensions.Configuration;

namespace Outbox.Tests.Settings;

public sealed class OutboxSettingsTests
{
    [Fact]
    public void Without_settings_the_defaults_hold()
    {
        var options = Read();

        Assert.Equal("orders.events", options.Exchange);
        Assert.Equal(1_000, options.BatchSize);
        Assert.Equal(1_024, options.InFlight);
        Assert.Equal(TimeSpan.FromSeconds(1), options.PollInterval);
        Assert.Equal(TimeSpan.FromSeconds(15), options.ConfirmTimeout);
        Assert.Equal(TimeSpan.FromSeconds(15), options.Lease);
        Assert.Equal(10, options.MaxAttempts);
        Assert.Equal(TimeSpan.FromSeconds(1), options.RetryFirst);
        Assert.Equal(TimeSpan.FromMinutes(5), options.RetryCap);
        Assert.Equal(UnroutablePolicy.Park, options.Unroutable);
        Assert.Equal(TimeSpan.FromDays(7), options.Retention);
        Assert.Equal(1_048_576, options.MaxBodyBytes);
    }

    [Theory]
    [InlineData("BatchSize", "1", "1", "10000", "10000")]
    [InlineData("InFlight", "1", "1", "10000", "10000")]
    [InlineData("PollInterval", "50ms", "00:00:00.0500000", "1min", "00:01:00")]
    [InlineData("ConfirmTimeout", "1s", "00:00:01", "5min", "00:05:00")]
    [InlineData("Lease", "3s", "00:00:03", "5min", "00:05:00")]
    [InlineData("MaxAttempts", "1", "1", "1000", "1000")]
    [InlineData("RetryFirst", "10ms", "00:00:00.0100000", "1h", "01:00:00")]
    [InlineData("RetryCap", "1s", "00:00:01", "1d", "1.00:00:00")]
    [InlineData("Retention", "0", "00:00:00", "3650d", "3650.00:00:00")]
    [InlineData("MaxBodyBytes", "1024", "1024", "16777216", "16777216")]
    [InlineData("Unroutable", "park", "Park", "accept", "Accept")]
    [InlineData("Exchange", "x", "x", "x.y", "x.y")]
    public void Values_at_their_bounds_are_taken(string name, string lowest, string takenLowest, string highest, string takenHighest)
    {
        var setting = typeof(OutboxOptions).GetProperty(name)!;

        Assert.Equal(takenLowest, $"{setting.GetValue(Read((name, lowest)))}");
        Assert.Equal(takenHighest, $"{setting.GetValue(Read((name, highest)))}");
    }

    [Theory]
    [InlineData("BatchSize", "0", "1 to 10000")]
    [InlineData("BatchSize", "10001", "1 to 10000")]
    [InlineData("BatchSize", "many", "1 to 10000")]
    [InlineData("InFlight", "0", "1 to 10000")]
    [InlineData("InFlight", "1.5", "1 to 10000")]
    [InlineData("PollInterval", "49ms", "50 ms to 1 min")]
    [InlineData("PollInterval", "61s", "50 ms to 1 min")]
    [InlineData("ConfirmTimeout", "999ms", "1 s to 5 min")]
    [InlineData("ConfirmTimeout", "00:05:01", "1 s to 5 min")]
    [InlineData("Lease", "2s", "3 s to 5 min")]
    [InlineData("Lease", "15", "3 s to 5 min")]
    [InlineData("Lease", "-15s", "3 s to 5 min")]
    [InlineData("MaxAttempts", "0", "1 to 1000")]
    [InlineData("MaxAttempts", "1001", "1 to 1000")]
    [InlineData("RetryFirst", "9ms", "10 ms to 1 h")]
    [InlineData("RetryFirst", "61min", "10 ms to 1 h")]
    [InlineData("RetryCap", "500ms", "1 s to 1 d")]
    [InlineData("Retention", "3651d", "0 s to 3650 d")]
    [InlineData("Retention", "soon", "0 s to 3650 d")]
    [InlineData("MaxBodyBytes", "1023", "1024 to 16777216")]
    [InlineData("MaxBodyBytes", "16777217", "1024 to 16777216")]
    [InlineData("Unroutable", "drop", "park or accept")]
    [InlineData("Unroutable", "1", "park or accept")]
    [InlineData("Exchange", "", "1 to 255 UTF-8 bytes")]
    public void Other_values_are_refused_with_name_value_and_bound(string name, string value, string bound)
    {
        var fault = Assert.Throws<SettingsException>(() => Read((name, value)));

        Assert.Contains($"Outbox__{name}", fault.Message, StringComparison.Ordinal);
        Assert.Contains($"\"{value}\"", fault.Message, StringComparison.Ordinal);
        Assert.Contains(bound, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_name_of_the_exchange_is_bounded_by_its_bytes()
    {
        foreach (var longest in new[] { new string('x', 255), new string('é', 127) + "x" })
        {
            Assert.Equal(longest, Read(("Exchange", longest)).Exchange);
            Assert.Contains("1 to 255 UTF-8 bytes", Assert.Throws<SettingsException>(() => Read(("Exchange", longest + "x"))).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("20s", 20)]
    [InlineData("20 s", 20)]
    [InlineData("20000ms", 20)]
    [InlineData("1.5min", 90)]
    [InlineData("2m", 120)]
    [InlineData("00:00:20", 20)]
    [InlineData(" 20S ", 20)]
    public void A_duration_may_be_written_in_several_ways(string text, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Read(("Lease", text)).Lease);

    [Fact]
    public void An_unknown_name_is_refused_with_the_names_there_are()
    {
        var fault = Assert.Throws<SettingsException>(() => Read(("BatchSise", "5")));

        Assert.Contains("Outbox__BatchSise is not a setting", fault.Message, StringComparison.Ordinal);
        Assert.Contains("BatchSize", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_faults_are_told_at_once()
    {
        var fault = Assert.Throws<SettingsException>(() => Read(("BatchSize", "0"), ("Lease", "1s"), ("Nonsense", "1")));

        Assert.Equal(3, fault.Message.Split(Environment.NewLine).Length);
    }

    [Fact]
    public void A_cap_is_never_below_a_longer_first_wait_by_default() =>
        Assert.Equal(TimeSpan.FromHours(1), Read(("RetryFirst", "1h")).RetryCap);

    private static OutboxOptions Read(params (string Name, string Value)[] settings) => OutboxOptions.Read(
        new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create("Outbox:" + setting.Name, (string?)setting.Value)))
            .Build());
}
