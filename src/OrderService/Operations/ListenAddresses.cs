using System.Globalization;
using System.Net;
using Messaging;

namespace OrderService.Operations;

/// <summary>Where the service is told to listen. The server itself takes a port that is no number for part of a host's name, and listens on
/// port 80 of all addresses; what else it does not understand it tells without the name of the setting.</summary>
internal static class ListenAddresses
{
    private const string Prefix = "ASPNETCORE_";

    private static readonly string[] Ports = [WebHostDefaults.HttpPortsKey, WebHostDefaults.HttpsPortsKey];

    /// <exception cref="SettingsException">An address or a port is not understood.</exception>
    public static void Check(IConfiguration configuration)
    {
        Check(configuration, WebHostDefaults.ServerUrlsKey, IsAddress, "addresses such as http://127.0.0.1:8080, without a path, separated by semicolons");
        foreach (var ports in Ports)
        {
            Check(configuration, ports, IsPort, $"numbers up to {IPEndPoint.MaxPort}, separated by semicolons");
        }
    }

    /// <summary>The settings that say it, as they are set.</summary>
    public static string Describe(IConfiguration configuration) => string.Join(
        ", ",
        Ports.Prepend(WebHostDefaults.ServerUrlsKey).Where(key => !string.IsNullOrEmpty(configuration[key])).Select(key => $"{Name(key)} is \"{configuration[key]}\""));

    private static void Check(IConfiguration configuration, string key, Predicate<string> isUnderstood, string bound)
    {
        var value = configuration[key] ?? "";
        if (!Array.TrueForAll(value.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries), isUnderstood))
        {
            throw new SettingsException($"{Name(key)} is \"{value}\": it must be {bound}.");
        }
    }

    private static bool IsAddress(string text)
    {
        try
        {
            var address = BindingAddress.Parse(text);
            return address.Scheme.ToLowerInvariant() is "http" or "https"
                && (address.IsUnixPipe || (address.Port is >= 0 and <= IPEndPoint.MaxPort && address.PathBase.Length == 0 && IsHost(address.Host)));
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static bool IsHost(string host) => host is ['[', .., ']'] || !host.Contains(':', StringComparison.Ordinal);

    private static bool IsPort(string text) => ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static string Name(string key) => Prefix + key.ToUpperInvariant();
}
