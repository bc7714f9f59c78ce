using Messaging;

namespace OrderService.Operations;

/// <summary>Which parts of the service this process runs. The same image runs every role.</summary>
/// <param name="Api">Serves requests.</param>
/// <param name="Relay">Publishes the outbox, or stands by to.</param>
/// <param name="Consumer">Handles messages.</param>
internal sealed record Roles(bool Api, bool Relay, bool Consumer)
{
    public const string Setting = "Roles";

#if (!noInbox)
    private static readonly string[] Known = ["api", "relay", "consumer"];
#else
    private static readonly string[] Known = ["api", "relay"];
#endif

    /// <summary>Reads names separated by commas; all of them unless set.</summary>
    /// <exception cref="SettingsException">A name is unknown, or none is given.</exception>
    public static Roles Read(IConfiguration configuration)
    {
        if (configuration.GetSection(Setting).GetChildren().FirstOrDefault() is { } child)
        {
            throw new SettingsException($"{SettingName.OfKey(child.Path)} is not a setting: {Setting} is one text, names separated by commas.");
        }

        var value = configuration[Setting] ?? string.Join(',', Known);
        var names = value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(name => name.ToLowerInvariant()).ToHashSet();
        if (names.Count == 0 || !names.IsSubsetOf(Known))
        {
            throw new SettingsException($"{Setting} is \"{value}\": it must be one or more of {string.Join(", ", Known)}, separated by commas.");
        }

        return new Roles(names.Contains("api"), names.Contains("relay"), names.Contains("consumer"));
    }
}
